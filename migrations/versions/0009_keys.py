"""Erasure keys, checks of data keys, and the indexes that equality search needs."""

from alembic import op

revision = "0009"
down_revision = "0008"
branch_labels = None
depends_on = None

# Without parameters the driver sends the text as it stands, percent signs and all.
AS_WRITTEN = {"no_parameters": True}

UPGRADE = r"""
set local role claims_owner;

alter table vault.data_keys add column key_check bytea;
comment on column vault.data_keys.wrapping_key_check is 'fingerprint of the wrapping key or of the command that wrapped it';
comment on column vault.data_keys.key_check is 'fingerprint of the data key itself, so that a wrong one is told whoever unwrapped it; null on keys of the first version';

create table vault.erasure_keys (
  singleton boolean primary key default true check (singleton),
  store_id uuid not null,
  generation integer not null check (generation > 0),
  pending_generation integer check (pending_generation > generation),
  place text not null,
  created_at timestamptz not null default now()
);
comment on table vault.erasure_keys is 'which file outside the database holds the erasure keys, and how new it must be: one row';
comment on column vault.erasure_keys.singleton is 'keeps the table at one row';
comment on column vault.erasure_keys.store_id is 'id that the file carries';
comment on column vault.erasure_keys.generation is 'raised by each erasure; an older file is a copy that still holds what was destroyed';
comment on column vault.erasure_keys.pending_generation is 'generation of an erasure that has begun and not ended';
comment on column vault.erasure_keys.place is 'host and path where the file was made';
comment on column vault.erasure_keys.created_at is 'when it was made';

alter table staging.claims add column erasure_id bigint;
alter table production.claims add column erasure_id bigint;
alter table staging.failed_claims add column erasure_id bigint;
comment on column staging.failed_claims.erasure_id is 'erasure keys of the original; null when there is none, and after an erasure';
-- What is added to a partitioned table is added to its partitions without the comment.
do $comments$
declare
  v_table regclass;
begin
  for v_table in
    select tree.relid
    from (values ('staging.claims'::regclass), ('production.claims'::regclass))
      as parent (oid)
    cross join lateral pg_partition_tree(parent.oid) as tree
  loop
    execute format(
      'comment on column %s.erasure_id is %L',
      v_table,
      'erasure keys that the PHI columns need: month received (upper 16 bits) and leaf of the patient (lower 48); null after an erasure'
    );
  end loop;
end;
$comments$;

create index claims_member_token on production.claims (member_token);
create index claims_patient_token on production.claims (patient_token);
create index failed_claims_member_token on staging.failed_claims ((staged_claim ->> 'member_token'));
create index failed_claims_patient_token on staging.failed_claims ((staged_claim ->> 'patient_token'));

reset role;
"""

DOWNGRADE = """
set local role claims_owner;

drop index staging.failed_claims_patient_token;
drop index staging.failed_claims_member_token;
drop index production.claims_patient_token;
drop index production.claims_member_token;

alter table staging.failed_claims drop column erasure_id;
alter table production.claims drop column erasure_id;
alter table staging.claims drop column erasure_id;
drop table vault.erasure_keys;
alter table vault.data_keys drop column key_check;
comment on column vault.data_keys.wrapping_key_check is 'fingerprint of the wrapping key, so that a wrong one is told at once';

reset role;
"""


def upgrade() -> None:
    """Create the objects of this revision."""
    op.get_bind().exec_driver_sql(UPGRADE, execution_options=AS_WRITTEN)


def downgrade() -> None:
    """Drop the objects of this revision."""
    op.get_bind().exec_driver_sql(DOWNGRADE, execution_options=AS_WRITTEN)
