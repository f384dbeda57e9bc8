"""Production: adjudicated claims, partitioned by month of service."""

from alembic import op

revision = "0005"
down_revision = "0004"
branch_labels = None
depends_on = None

# Without parameters the driver sends the text as it stands, percent signs and all.
AS_WRITTEN = {"no_parameters": True}

UPGRADE = r"""
set local role claims_owner;

create table production.claims (
  claim_id bigint not null,
  service_month date not null,
  batch_id bigint not null,
  submitter_id integer not null,
  received_at timestamptz not null,
  encrypted_batch_id bigint not null,
  claim_number_token bytea not null,
  member_token bytea,
  patient_token bytea,
  frequency_code text not null,
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
  first_service_date date not null,
  line_count smallint not null,
  decision text not null check (decision in ('approved', 'review')),
  allowed_amount numeric(16,2) not null,
  pended_line_count smallint not null,
  denied_line_count smallint not null,
  transferred_at timestamptz not null,
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
  primary key (claim_id, service_month)
) partition by range (service_month);
comment on table production.claims is 'adjudicated claims, one partition per month of service';
comment on column production.claims.claim_id is 'identity of the claim';
comment on column production.claims.service_month is 'first day of the month of the earliest date of service: partition key';
comment on column production.claims.batch_id is 'batch that brought it';
comment on column production.claims.submitter_id is 'whose claim';
comment on column production.claims.received_at is 'when the claim was first received';
comment on column production.claims.encrypted_batch_id is 'batch from whose derived key the PHI columns are encrypted';
comment on column production.claims.claim_number_token is 'keyed hash of the claim number';
comment on column production.claims.member_token is 'keyed hash of the member id; null when it is malformed';
comment on column production.claims.patient_token is 'keyed hash of names and birth date; null when the birth date is not a date';
comment on column production.claims.frequency_code is 'claim frequency (CLM05-3): 1 original, 7 replacement, 8 void';
comment on column production.claims.payer_id is 'payer identifier';
comment on column production.claims.billing_npi is 'billing provider NPI';
comment on column production.claims.billing_taxonomy is 'billing provider taxonomy';
comment on column production.claims.rendering_npi is 'rendering provider NPI; null when the billing provider rendered';
comment on column production.claims.rendering_taxonomy is 'rendering provider taxonomy';
comment on column production.claims.patient_age is 'age in whole years on the first date of service, 90 for 90 and over';
comment on column production.claims.patient_sex is 'F, M or U';
comment on column production.claims.service_zip is 'ZIP code of the place of service, 5 or 9 digits';
comment on column production.claims.carrier is 'contractor number, where the claim names it';
comment on column production.claims.locality is 'payment locality, where the claim names it';
comment on column production.claims.diagnoses is 'ICD-10-CM codes without dots, in claim order; null element where the code was malformed';
comment on column production.claims.total_charge is 'claim charge, dollars';
comment on column production.claims.first_service_date is 'earliest date of service';
comment on column production.claims.line_count is 'service lines';
comment on column production.claims.decision is 'approved, or review when a line waits for a person';
comment on column production.claims.allowed_amount is 'sum of the allowed amounts of the lines that have one, dollars';
comment on column production.claims.pended_line_count is 'lines that wait for a person';
comment on column production.claims.denied_line_count is 'lines denied by a finding';
comment on column production.claims.transferred_at is 'when it was moved';
comment on column production.claims.claim_number is 'claim number (837P CLM01), encrypted';
comment on column production.claims.member_id is 'member id (NM109 of the subscriber), encrypted';
comment on column production.claims.patient_last_name is 'last name, encrypted';
comment on column production.claims.patient_first_name is 'first name, encrypted';
comment on column production.claims.patient_middle_name is 'middle name, encrypted';
comment on column production.claims.patient_birth_date is 'birth date, encrypted';
comment on column production.claims.patient_address_line is 'street address, encrypted';
comment on column production.claims.patient_city is 'city, encrypted';
comment on column production.claims.patient_state is 'state, encrypted';
comment on column production.claims.patient_zip is 'ZIP code, encrypted';
comment on column production.claims.patient_phone is 'telephone, encrypted';

create table production.claim_lines (
  claim_id bigint not null,
  service_month date not null,
  line_number smallint not null,
  submitter_id integer not null,
  service_date date not null,
  service_date_to date,
  hcpcs text,
  modifiers text[],
  place_of_service text,
  units numeric(9,3) not null,
  minutes integer,
  charge numeric(12,2) not null,
  diagnosis_pointers smallint[] not null,
  pricing_status text not null check (pricing_status in ('priced', 'pended', 'bundled', 'not_covered', 'denied')),
  reason_code text,
  allowed_amount numeric(12,2),
  rvu_release_id integer,
  gpci_release_id integer,
  step_codes text[],
  step_factors numeric[],
  step_amounts numeric[],
  group_code text,
  carc text,
  rarc text,
  primary key (claim_id, service_month, line_number),
  check ((allowed_amount is null) = (pricing_status = 'pended'))
) partition by range (service_month);
comment on table production.claim_lines is 'adjudicated service lines, one partition per month of service of the claim';
comment on column production.claim_lines.claim_id is 'claim';
comment on column production.claim_lines.service_month is 'partition key, as on the claim';
comment on column production.claim_lines.line_number is 'line, from 1';
comment on column production.claim_lines.submitter_id is 'whose claim';
comment on column production.claim_lines.service_date is 'from date of service';
comment on column production.claim_lines.service_date_to is 'to date of service';
comment on column production.claim_lines.hcpcs is 'procedure code; null when malformed';
comment on column production.claim_lines.modifiers is 'modifiers in claim order; null when none';
comment on column production.claim_lines.place_of_service is 'place of service code; null when malformed';
comment on column production.claim_lines.units is 'service units';
comment on column production.claim_lines.minutes is 'anesthesia minutes';
comment on column production.claim_lines.charge is 'line charge, dollars';
comment on column production.claim_lines.diagnosis_pointers is '1-based positions in the claim diagnoses';
comment on column production.claim_lines.pricing_status is 'what pricing came to';
comment on column production.claim_lines.reason_code is 'why there is no amount or zero: pricing reason, or rule code of the finding that denied or pended the line';
comment on column production.claim_lines.allowed_amount is 'allowed amount, dollars; null when pended';
comment on column production.claim_lines.rvu_release_id is 'release of the relative values used';
comment on column production.claim_lines.gpci_release_id is 'release of the geographic indices used';
comment on column production.claim_lines.step_codes is 'pricing steps that made the amount, in order';
comment on column production.claim_lines.step_factors is 'factor of each step; null where a step has none';
comment on column production.claim_lines.step_amounts is 'amount after each step, dollars';
comment on column production.claim_lines.group_code is '835 claim adjustment group';
comment on column production.claim_lines.carc is '835 claim adjustment reason code';
comment on column production.claim_lines.rarc is '835 remittance advice remark code';

create table production.claim_findings (
  claim_id bigint not null,
  service_month date not null,
  line_number smallint not null,
  submitter_id integer not null,
  rule_code text not null,
  disposition text not null,
  field text not null,
  value text,
  primary key (claim_id, service_month, line_number, rule_code, field)
) partition by range (service_month);
comment on table production.claim_findings is 'findings of claims that went to production';
comment on column production.claim_findings.claim_id is 'claim';
comment on column production.claim_findings.service_month is 'partition key, as on the claim';
comment on column production.claim_findings.line_number is 'line, 0 for the claim itself';
comment on column production.claim_findings.submitter_id is 'whose claim';
comment on column production.claim_findings.rule_code is 'rule that found it';
comment on column production.claim_findings.disposition is 'what it did';
comment on column production.claim_findings.field is 'field of the intake model';
comment on column production.claim_findings.value is 'the value found, never PHI';

create table production.claim_registry (
  submitter_id integer not null,
  claim_number_token bytea not null,
  frequency_code text not null,
  claim_id bigint not null,
  service_month date not null,
  primary key (submitter_id, claim_number_token, frequency_code)
) partition by hash (submitter_id, claim_number_token, frequency_code);
comment on table production.claim_registry is 'one row per business key in production: what makes a transfer happen once';
comment on column production.claim_registry.submitter_id is 'whose claim';
comment on column production.claim_registry.claim_number_token is 'keyed hash of the claim number';
comment on column production.claim_registry.frequency_code is 'claim frequency';
comment on column production.claim_registry.claim_id is 'claim that holds the key';
comment on column production.claim_registry.service_month is 'where the claim stands';

create table production.claim_registry_0 partition of production.claim_registry
for values with (modulus 4, remainder 0);
create table production.claim_registry_1 partition of production.claim_registry
for values with (modulus 4, remainder 1);
create table production.claim_registry_2 partition of production.claim_registry
for values with (modulus 4, remainder 2);
create table production.claim_registry_3 partition of production.claim_registry
for values with (modulus 4, remainder 3);

reset role;
"""

DOWNGRADE = """
set local role claims_owner;

drop table production.claim_registry;
drop table production.claim_findings;
drop table production.claim_lines;
drop table production.claims;

reset role;
"""


def upgrade() -> None:
    """Create the objects of this revision."""
    op.get_bind().exec_driver_sql(UPGRADE, execution_options=AS_WRITTEN)


def downgrade() -> None:
    """Drop the objects of this revision."""
    op.get_bind().exec_driver_sql(DOWNGRADE, execution_options=AS_WRITTEN)
