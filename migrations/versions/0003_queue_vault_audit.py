"""Settings, submitters, batches, wrapped data keys and the audit trail."""

from alembic import op

revision = "0003"
down_revision = "0002"
branch_labels = None
depends_on = None

# Without parameters the driver sends the text as it stands, percent signs and all.
AS_WRITTEN = {"no_parameters": True}

UPGRADE = r"""
set local role claims_owner;

create table queue.settings (
  singleton boolean primary key default true check (singleton),
  qpp_status text not null default 'non_qpp' check (qpp_status in ('qpp', 'non_qpp')),
  service_months_back smallint not null default 36 check (service_months_back between 12 and 240),
  service_months_ahead smallint not null default 1 check (service_months_ahead between 1 and 12),
  staging_days_ahead smallint not null default 7 check (staging_days_ahead between 1 and 60),
  staging_retention_days smallint not null default 14 check (staging_retention_days between 1 and 3650),
  timely_filing interval not null default interval '1 year',
  max_claims_per_call integer not null default 25000 check (max_claims_per_call between 1 and 1000000),
  check (timely_filing > interval '0')
);
comment on table queue.settings is 'settings of this database: one row, a column each';
comment on column queue.settings.singleton is 'keeps the table at one row';
comment on column queue.settings.qpp_status is 'which conversion factor applies where CMS publishes two';
comment on column queue.settings.service_months_back is 'months before the current one for which production partitions are kept ready; older dates of service are findings';
comment on column queue.settings.service_months_ahead is 'months after the current one for which partitions are made ahead';
comment on column queue.settings.staging_days_ahead is 'days for which staging partitions are made ahead';
comment on column queue.settings.staging_retention_days is 'days after which a finished day leaves staging';
comment on column queue.settings.timely_filing is 'how long after the date of service a line may be received';
comment on column queue.settings.max_claims_per_call is 'claims that one stage call takes together';
insert into queue.settings default values;

create table queue.submitters (
  submitter_id integer generated always as identity primary key,
  name text not null unique check (name ~ '^[a-z0-9][a-z0-9_.-]{0,62}$'),
  created_at timestamptz not null default now()
);
comment on table queue.submitters is 'the tenants: who sends claims';
comment on column queue.submitters.submitter_id is 'key of the submitter, carried by every row';
comment on column queue.submitters.name is 'name in configuration and reports';
comment on column queue.submitters.created_at is 'when it was made';

insert into queue.submitters (name) values ('default');

create sequence queue.batch_ids as bigint;
comment on sequence queue.batch_ids is 'batch ids, reserved before encryption because the batch key is derived from them';
create sequence queue.claim_ids as bigint increment by 1000;
comment on sequence queue.claim_ids is 'blocks of 1,000 claim ids: a value n grants n to n + 999';

create table queue.batches (
  batch_id bigint primary key,
  submitter_id integer not null references queue.submitters,
  idempotency_key text not null,
  state text not null default 'received' check (state in ('received', 'validated', 'transferred')),
  received_on date not null,
  received_at timestamptz not null default now(),
  data_key_id integer not null,
  claim_count integer not null check (claim_count >= 0),
  staged_count integer not null check (staged_count between 0 and claim_count),
  line_count integer not null check (line_count >= 0),
  first_claim_id bigint not null,
  last_claim_id bigint not null check (last_claim_id >= first_claim_id),
  validated_at timestamptz,
  transferred_at timestamptz,
  claims_moved integer,
  lines_moved integer,
  claims_pended integer,
  claims_failed integer not null default 0,
  allowed_total numeric(24,2),
  validate_seconds real,
  transfer_seconds real,
  unique (submitter_id, idempotency_key)
);
comment on table queue.batches is 'one batch of claims: the unit of work, and where state stands';
comment on column queue.batches.batch_id is 'from queue.batch_ids';
comment on column queue.batches.submitter_id is 'whose claims';
comment on column queue.batches.idempotency_key is 'what makes sending the same batch again harmless';
comment on column queue.batches.state is 'received, validated, transferred';
comment on column queue.batches.received_on is 'day received: the staging partition';
comment on column queue.batches.received_at is 'when it was received';
comment on column queue.batches.data_key_id is 'data key its PHI is encrypted under';
comment on column queue.batches.claim_count is 'claims in the batch, those that could not be decoded included';
comment on column queue.batches.staged_count is 'claims that were decoded and stand in staging';
comment on column queue.batches.line_count is 'service lines in staging';
comment on column queue.batches.first_claim_id is 'lowest claim id reserved for the batch';
comment on column queue.batches.last_claim_id is 'highest claim id reserved for the batch';
comment on column queue.batches.validated_at is 'when validation committed';
comment on column queue.batches.transferred_at is 'when transfer committed';
comment on column queue.batches.claims_moved is 'claims moved to production';
comment on column queue.batches.lines_moved is 'lines moved to production';
comment on column queue.batches.claims_pended is 'moved claims with a line that waits for a person';
comment on column queue.batches.claims_failed is 'claims in failed_claims: not decoded, rejected, or lost as duplicates';
comment on column queue.batches.allowed_total is 'sum of the allowed amounts, dollars';
comment on column queue.batches.validate_seconds is 'time of the stage call that validated it, shared by the batches of the call';
comment on column queue.batches.transfer_seconds is 'time of the stage call that moved it, shared by the batches of the call';
create index batches_unfinished on queue.batches (state, batch_id) where state <> 'transferred';

create table vault.data_keys (
  data_key_id integer generated always as identity primary key,
  purpose text not null check (purpose in ('phi', 'token')),
  wrapped_key bytea not null,
  wrapping_key_check bytea not null,
  created_at timestamptz not null default now(),
  retired_at timestamptz
);
comment on table vault.data_keys is 'data keys, wrapped by the key-encryption key that never enters the database';
comment on column vault.data_keys.data_key_id is 'key id, carried by every ciphertext';
comment on column vault.data_keys.purpose is 'phi: field encryption; token: keyed-hash tokens';
comment on column vault.data_keys.wrapped_key is 'the key under AES key wrap (RFC 3394)';
comment on column vault.data_keys.wrapping_key_check is 'fingerprint of the wrapping key, so that a wrong one is told at once';
comment on column vault.data_keys.created_at is 'when it was made';
comment on column vault.data_keys.retired_at is 'when it stopped encrypting new claims';
create unique index data_keys_active on vault.data_keys (purpose) where retired_at is null;
alter table queue.batches add foreign key (data_key_id) references vault.data_keys;

create table audit.events (
  event_id bigint generated always as identity,
  occurred_at timestamptz not null default clock_timestamp(),
  transaction_id xid8 not null default pg_current_xact_id(),
  database_role text not null default session_user,
  client_address inet default inet_client_addr(),
  application text not null default current_setting('application_name'),
  action text not null,
  submitter_id integer,
  batch_ids bigint[],
  first_claim_id bigint,
  last_claim_id bigint,
  detail jsonb not null default '{}',
  primary key (event_id, occurred_at)
) partition by range (occurred_at);
comment on table audit.events is 'who did what, when and to which claims; written in the transaction of the change';
comment on column audit.events.event_id is 'order of writing within the database';
comment on column audit.events.occurred_at is 'when';
comment on column audit.events.transaction_id is 'transaction that wrote the event and made the change';
comment on column audit.events.database_role is 'role that was logged in';
comment on column audit.events.client_address is 'from where; null on a local socket';
comment on column audit.events.application is 'program that was connected';
comment on column audit.events.action is 'verb and object, such as batch.validated';
comment on column audit.events.submitter_id is 'whose claims';
comment on column audit.events.batch_ids is 'batches concerned';
comment on column audit.events.first_claim_id is 'lowest claim id concerned';
comment on column audit.events.last_claim_id is 'highest claim id concerned';
comment on column audit.events.detail is 'counts and other particulars, never PHI';

reset role;
"""

DOWNGRADE = """
set local role claims_owner;

alter table queue.batches drop constraint batches_data_key_id_fkey;
drop table audit.events;
drop table vault.data_keys;
drop table queue.batches;
drop sequence queue.claim_ids;
drop sequence queue.batch_ids;
drop table queue.submitters;
drop table queue.settings;

reset role;
"""


def upgrade() -> None:
    """Create the objects of this revision."""
    op.get_bind().exec_driver_sql(UPGRADE, execution_options=AS_WRITTEN)


def downgrade() -> None:
    """Drop the objects of this revision."""
    op.get_bind().exec_driver_sql(DOWNGRADE, execution_options=AS_WRITTEN)
