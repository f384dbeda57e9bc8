"""The audit trail: who, for whom and why, its seals, and the roles that read and seal it."""

from alembic import op

revision = "0010"
down_revision = "0009"
branch_labels = None
depends_on = None

# Without parameters the driver sends the text as it stands, percent signs and all.
AS_WRITTEN = {"no_parameters": True}

UPGRADE = r"""
-- As in the first revision: made when missing, without a password.
do $roles$
declare
  v_role text;
begin
  for v_role in
    select role.name
    from (values ('claims_auditor'), ('claims_sealer')) as role (name)
    where not exists (select from pg_catalog.pg_roles where rolname = role.name)
  loop
    execute format('create role %I login', v_role);
  end loop;
  execute format(
    'grant connect, temporary on database %I to claims_auditor, claims_sealer',
    current_database()
  );
end;
$roles$;

set local role claims_owner;

alter table audit.events
add column system_identifier bigint not null default (pg_control_system()).system_identifier,
add column acting_role text,
add column client text,
add column origin text,
add column purpose text,
add column recipient text,
add column outcome text not null default 'succeeded'
check (outcome in ('succeeded', 'refused', 'failed'));
alter table audit.events
alter column acting_role set default nullif(current_setting('role'), 'none'),
alter column client set default nullif(current_setting('claims.client', true), ''),
alter column origin set default nullif(current_setting('claims.origin', true), ''),
alter column purpose set default nullif(current_setting('claims.purpose', true), ''),
alter column recipient set default nullif(current_setting('claims.recipient', true), ''),
alter column outcome drop default;
comment on column audit.events.system_identifier is 'database server that wrote the event: transaction ids are its own, and a dump may be restored into another';
comment on column audit.events.client_address is 'from where the server was reached; null on a local socket';
comment on column audit.events.acting_role is 'role that the login had taken on by SET ROLE; null when none';
comment on column audit.events.client is 'API client, as the service named it in claims.client';
comment on column audit.events.origin is 'from where the program was called, as it said itself in claims.origin: user and host, or the address of an HTTP client';
comment on column audit.events.purpose is 'why, from claims.purpose: one of auditing.purposes; null when not stated';
comment on column audit.events.recipient is 'to whom PHI was given, from claims.recipient, when not to the actor; an office, never a patient';
comment on column audit.events.outcome is 'succeeded, refused or failed; follows from the action';
comment on column audit.events.action is 'one of auditing.actions, such as batches.validated';

-- In the order in which the trail is sealed and verified.
create index events_in_sealing_order
on audit.events (system_identifier, transaction_id, event_id);
-- Time and claims grow with the table: a few bytes for each stretch of pages.
create index events_time_and_claims
on audit.events using brin (occurred_at, first_claim_id, last_claim_id)
with (pages_per_range = 16, autosummarize = on);

create table audit.seals (
  seal_number bigint primary key check (seal_number > 0),
  sealed_at timestamptz not null,
  system_identifier bigint not null,
  from_transaction xid8 not null,
  to_transaction xid8 not null check (to_transaction > from_transaction),
  month date not null check (month = date_trunc('month', month::timestamp)),
  event_count integer not null check (event_count > 0),
  first_event_id bigint not null,
  last_event_id bigint not null check (last_event_id >= first_event_id),
  events_sha256 bytea not null check (octet_length(events_sha256) = 32),
  event_hashes bytea not null check (octet_length(event_hashes) = 40 * event_count),
  previous_sha256 bytea not null check (octet_length(previous_sha256) = 32),
  signing_key bytea not null check (octet_length(signing_key) = 8),
  signature bytea not null check (octet_length(signature) = 64)
);
-- Hashes do not compress.
alter table audit.seals alter column event_hashes set storage external;
comment on table audit.seals is 'signed hashes of closed stretches of audit.events, each over the one before: what makes a later change show';
comment on column audit.seals.seal_number is 'position in the chain, from 1 without a gap';
comment on column audit.seals.sealed_at is 'when, by the clock of the sealing program';
comment on column audit.seals.system_identifier is 'database server whose transactions these are';
comment on column audit.seals.from_transaction is 'first transaction of the stretch';
comment on column audit.seals.to_transaction is 'end of the stretch: the first transaction that is not in it';
comment on column audit.seals.month is 'first day of the month (UTC) in which the events occurred: a partition of audit.events';
comment on column audit.seals.event_count is 'events in the stretch and month';
comment on column audit.seals.first_event_id is 'lowest event id among them';
comment on column audit.seals.last_event_id is 'highest event id among them';
comment on column audit.seals.events_sha256 is 'SHA-256 of event_hashes; signed';
comment on column audit.seals.event_hashes is 'for each event in order of transaction and event id: event id (8 bytes, big endian) and SHA-256 of its canonical line; tells which event was changed';
comment on column audit.seals.previous_sha256 is 'SHA-256 of the seal before, as it was signed; zeros for the first';
comment on column audit.seals.signing_key is 'first 8 bytes of the SHA-256 of the public key';
comment on column audit.seals.signature is 'Ed25519 signature by a key outside the database';
create index seals_sealed_transactions
on audit.seals (system_identifier, to_transaction);

reset role;
"""

DOWNGRADE = """
set local role claims_owner;

do $archives$
declare
  v_archives text;
begin
  select string_agg(relation.relname, ', ' order by relation.relname) into v_archives
  from pg_catalog.pg_class as relation
  where
    relation.relnamespace = 'audit'::regnamespace
    and relation.relname ~ '^archived_events_[0-9]{6}$';
  if v_archives is not null then
    raise exception using
      errcode = 'AU008',
      message = format('the schema audit holds archived months: %s', v_archives),
      hint = 'Dump these tables and drop them, then take the schema back.';
  end if;
end;
$archives$;

drop table audit.seals;
drop index audit.events_time_and_claims;
drop index audit.events_in_sealing_order;
alter table audit.events
drop column outcome,
drop column recipient,
drop column purpose,
drop column origin,
drop column client,
drop column acting_role,
drop column system_identifier;
comment on column audit.events.client_address is 'from where; null on a local socket';
comment on column audit.events.action is 'verb and object, such as batch.validated';

reset role;
"""


def upgrade() -> None:
    """Create the objects of this revision."""
    op.get_bind().exec_driver_sql(UPGRADE, execution_options=AS_WRITTEN)


def downgrade() -> None:
    """Drop the objects of this revision."""
    op.get_bind().exec_driver_sql(DOWNGRADE, execution_options=AS_WRITTEN)
