"""Staging: claims on their way, partitioned by day received."""

from alembic import op

revision = "0004"
down_revision = "0003"
branch_labels = None
depends_on = None

# Without parameters the driver sends the text as it stands, percent signs and all.
AS_WRITTEN = {"no_parameters": True}

UPGRADE = r"""
set local role claims_owner;

create table staging.claims (
  claim_id bigint not null,
  batch_id bigint not null,
  received_on date not null,
  submitter_id integer not null,
  received_at timestamptz not null,
  encrypted_batch_id bigint not null,
  claim_number_token bytea not null,
  member_token bytea,
  patient_token bytea,
  frequency_code text,
  payer_id text,
  billing_npi text,
  billing_taxonomy text,
  rendering_npi text,
  rendering_taxonomy text,
  patient_age smallint,
  patient_sex text,
  service_zip text,
  carrier text,
  locality text,
  diagnoses text[],
  total_charge numeric(12,2) not null,
  first_service_date date,
  line_count smallint not null,
  intake_findings jsonb,
  claim_number bytea not null,
  member_id bytea not null,
  patient_last_name bytea not null,
  patient_first_name bytea not null,
  patient_middle_name bytea,
  patient_birth_date bytea not null,
  patient_address_line bytea,
  patient_city bytea,
  patient_state bytea,
  patient_zip bytea,
  patient_phone bytea,
  malformed_values bytea,
  primary key (claim_id, received_on)
) partition by range (received_on);
comment on table staging.claims is 'decoded claims as received, one partition per day; never updated';
comment on column staging.claims.claim_id is 'identity of the claim, the same in staging, production and associated data';
comment on column staging.claims.batch_id is 'batch it stands in';
comment on column staging.claims.received_on is 'day the batch was received: partition key';
comment on column staging.claims.submitter_id is 'whose claim';
comment on column staging.claims.received_at is 'when the claim was first received';
comment on column staging.claims.encrypted_batch_id is 'batch from whose derived key the PHI columns are encrypted';
comment on column staging.claims.claim_number_token is 'keyed hash of the claim number';
comment on column staging.claims.member_token is 'keyed hash of the member id; null when it is malformed';
comment on column staging.claims.patient_token is 'keyed hash of names and birth date; null when the birth date is not a date';
comment on column staging.claims.frequency_code is 'claim frequency (CLM05-3): 1 original, 7 replacement, 8 void';
comment on column staging.claims.payer_id is 'payer identifier';
comment on column staging.claims.billing_npi is 'billing provider NPI';
comment on column staging.claims.billing_taxonomy is 'billing provider taxonomy';
comment on column staging.claims.rendering_npi is 'rendering provider NPI; null when the billing provider rendered';
comment on column staging.claims.rendering_taxonomy is 'rendering provider taxonomy';
comment on column staging.claims.patient_age is 'age in whole years on the first date of service, 90 for 90 and over';
comment on column staging.claims.patient_sex is 'F, M or U';
comment on column staging.claims.service_zip is 'ZIP code of the place of service, 5 or 9 digits';
comment on column staging.claims.carrier is 'contractor number, where the claim names it';
comment on column staging.claims.locality is 'payment locality, where the claim names it';
comment on column staging.claims.diagnoses is 'ICD-10-CM codes without dots, in claim order; null element where the code was malformed';
comment on column staging.claims.total_charge is 'claim charge, dollars';
comment on column staging.claims.first_service_date is 'earliest date of service; null when no line has a date';
comment on column staging.claims.line_count is 'service lines';
comment on column staging.claims.intake_findings is 'what only the edge can see: [{rule, line, field}], null when nothing';
comment on column staging.claims.claim_number is 'claim number (837P CLM01), encrypted';
comment on column staging.claims.member_id is 'member id (NM109 of the subscriber), encrypted';
comment on column staging.claims.patient_last_name is 'last name, encrypted';
comment on column staging.claims.patient_first_name is 'first name, encrypted';
comment on column staging.claims.patient_middle_name is 'middle name, encrypted';
comment on column staging.claims.patient_birth_date is 'birth date, encrypted';
comment on column staging.claims.patient_address_line is 'street address, encrypted';
comment on column staging.claims.patient_city is 'city, encrypted';
comment on column staging.claims.patient_state is 'state, encrypted';
comment on column staging.claims.patient_zip is 'ZIP code, encrypted';
comment on column staging.claims.patient_phone is 'telephone, encrypted';
comment on column staging.claims.malformed_values is 'JSON object of field path and text for code fields that held something else, encrypted';
create index claims_batch_id on staging.claims (batch_id);

create table staging.claim_lines (
  claim_id bigint not null,
  line_number smallint not null,
  batch_id bigint not null,
  received_on date not null,
  submitter_id integer not null,
  service_date date,
  service_date_to date,
  hcpcs text,
  modifiers text[],
  place_of_service text,
  units numeric(9,3) not null,
  minutes integer,
  charge numeric(12,2) not null,
  diagnosis_pointers smallint[] not null,
  check (line_number > 0)
) partition by range (received_on);
comment on table staging.claim_lines is 'service lines of staged claims, one partition per day; never updated';
comment on column staging.claim_lines.claim_id is 'claim';
comment on column staging.claim_lines.line_number is 'line, from 1';
comment on column staging.claim_lines.batch_id is 'batch the claim stands in';
comment on column staging.claim_lines.received_on is 'day the batch was received: partition key';
comment on column staging.claim_lines.submitter_id is 'whose claim';
comment on column staging.claim_lines.service_date is 'from date of service; null when it was not a date';
comment on column staging.claim_lines.service_date_to is 'to date of service; null when it was not given or not a date';
comment on column staging.claim_lines.hcpcs is 'procedure code; null when malformed';
comment on column staging.claim_lines.modifiers is 'modifiers in claim order; null when none';
comment on column staging.claim_lines.place_of_service is 'place of service code; null when malformed';
comment on column staging.claim_lines.units is 'service units';
comment on column staging.claim_lines.minutes is 'anesthesia minutes';
comment on column staging.claim_lines.charge is 'line charge, dollars';
comment on column staging.claim_lines.diagnosis_pointers is '1-based positions in the claim diagnoses';
create index claim_lines_batch_id on staging.claim_lines (batch_id);

create table staging.claim_findings (
  claim_id bigint not null,
  line_number smallint not null,
  batch_id bigint not null,
  received_on date not null,
  submitter_id integer not null,
  rule_code text not null,
  disposition text not null,
  field text not null,
  value text
) partition by range (received_on);
comment on table staging.claim_findings is 'what validation found, one row per finding, one partition per day';
comment on column staging.claim_findings.claim_id is 'claim';
comment on column staging.claim_findings.line_number is 'line, 0 for the claim itself';
comment on column staging.claim_findings.batch_id is 'batch the claim stands in';
comment on column staging.claim_findings.received_on is 'day the batch was received: partition key';
comment on column staging.claim_findings.submitter_id is 'whose claim';
comment on column staging.claim_findings.rule_code is 'rule that found it';
comment on column staging.claim_findings.disposition is 'what it does, as the rule said at the time';
comment on column staging.claim_findings.field is 'field of the intake model';
comment on column staging.claim_findings.value is 'the value found, never PHI';
create index claim_findings_batch_id on staging.claim_findings (batch_id);

create table staging.failed_claims (
  claim_id bigint primary key,
  batch_id bigint not null references queue.batches,
  submitter_id integer not null references queue.submitters,
  received_at timestamptz not null,
  failed_at timestamptz not null default now(),
  stage text not null check (stage in ('decode', 'validation', 'transfer')),
  resolution text not null default 'open' check (resolution in ('open', 'resolved', 'superseded')),
  position_in_batch integer check (position_in_batch > 0),
  rule_codes text[] not null,
  reasons jsonb not null,
  encrypted_batch_id bigint not null,
  claim_number_token bytea,
  original bytea,
  staged_claim jsonb,
  staged_lines jsonb,
  check ((original is null) <> (staged_claim is null))
);
comment on table staging.failed_claims is 'claims that cannot go to production as they are; a row lives until it is resolved';
comment on column staging.failed_claims.claim_id is 'claim';
comment on column staging.failed_claims.batch_id is 'batch it came in';
comment on column staging.failed_claims.submitter_id is 'whose claim';
comment on column staging.failed_claims.received_at is 'when the claim was first received';
comment on column staging.failed_claims.failed_at is 'when it failed';
comment on column staging.failed_claims.stage is 'where it failed';
comment on column staging.failed_claims.resolution is 'open, resolved or superseded';
comment on column staging.failed_claims.position_in_batch is 'position of the claim in its batch, from 1; null when it was decoded';
comment on column staging.failed_claims.rule_codes is 'rules that failed it, sorted; D000 for a claim that could not be decoded';
comment on column staging.failed_claims.reasons is '[{rule, line, field, value}] and for decode failures [{rule, field, reason}]; never PHI';
comment on column staging.failed_claims.encrypted_batch_id is 'batch from whose derived key the original is encrypted';
comment on column staging.failed_claims.claim_number_token is 'keyed hash of the claim number, where it was decoded';
comment on column staging.failed_claims.original is 'the original text of a claim that could not be decoded, encrypted';
comment on column staging.failed_claims.staged_claim is 'the staging row of a decoded claim, PHI columns still encrypted';
comment on column staging.failed_claims.staged_lines is 'the staging rows of its lines';
-- What PostgreSQL knows of the batches of yesterday misleads it about those of today: an
-- id that its statistics do not list counts as one row, and the plan becomes a nested loop
-- over everything. Without statistics it takes a fixed share of the partition.
alter table staging.claims alter column batch_id set statistics 0;
alter table staging.claim_lines alter column batch_id set statistics 0;
alter table staging.claim_findings alter column batch_id set statistics 0;
create index failed_claims_batch_id on staging.failed_claims (batch_id);
create index failed_claims_claim_number_token on staging.failed_claims (claim_number_token);

reset role;
"""

DOWNGRADE = """
set local role claims_owner;

drop table staging.failed_claims;
drop table staging.claim_findings;
drop table staging.claim_lines;
drop table staging.claims;

reset role;
"""


def upgrade() -> None:
    """Create the objects of this revision."""
    op.get_bind().exec_driver_sql(UPGRADE, execution_options=AS_WRITTEN)


def downgrade() -> None:
    """Drop the objects of this revision."""
    op.get_bind().exec_driver_sql(DOWNGRADE, execution_options=AS_WRITTEN)
