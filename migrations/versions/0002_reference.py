"""Reference data: releases of what CMS publishes, and the tables the rules read."""

from alembic import op

revision = "0002"
down_revision = "0001"
branch_labels = None
depends_on = None

# Without parameters the driver sends the text as it stands, percent signs and all.
AS_WRITTEN = {"no_parameters": True}

UPGRADE = r"""
set local role claims_owner;

create table reference.releases (
  release_id integer generated always as identity primary key,
  kind text not null check (kind in ('rvu', 'gpci', 'anesthesia_cf', 'zip_locality', 'opps_cap', 'icd10cm', 'place_of_service')),
  qpp_status text not null default 'both' check (qpp_status in ('both', 'qpp', 'non_qpp')),
  name text not null,
  valid_from date not null,
  valid_to date check (valid_to >= valid_from),
  is_starter boolean not null default false,
  file_name text not null,
  file_sha256 bytea not null,
  row_count integer not null check (row_count > 0),
  loaded_at timestamptz not null default now(),
  loaded_by text not null default session_user
);
comment on table reference.releases is 'one loaded publication of one kind of reference data; rows are never deleted';
comment on column reference.releases.release_id is 'key of the release, named by every priced line';
comment on column reference.releases.kind is 'what the release holds';
comment on column reference.releases.qpp_status is 'whom the release is for: qualifying APM participants, all others, or both';
comment on column reference.releases.name is 'how the publisher calls the release, such as RVU25D';
comment on column reference.releases.valid_from is 'first date of service the release is for';
comment on column reference.releases.valid_to is 'last date of service the release is for; null until superseded';
comment on column reference.releases.is_starter is 'true for the starter data the project ships; on the same first date a published release goes before it';
comment on column reference.releases.file_name is 'base name of the file (and of the member inside a zip) it was loaded from';
comment on column reference.releases.file_sha256 is 'SHA-256 of the loaded bytes; the same content is loaded once for a kind, period and status';
comment on column reference.releases.row_count is 'rows loaded';
comment on column reference.releases.loaded_at is 'when it was loaded';
comment on column reference.releases.loaded_by is 'database role that loaded it';
create unique index releases_content_key on reference.releases (kind, qpp_status, file_sha256, valid_from, coalesce(valid_to, 'infinity'));

create table reference.periods_in_force (
  kind text not null,
  qpp_status text not null check (qpp_status in ('qpp', 'non_qpp')),
  valid_from date not null,
  valid_to date not null,
  release_id integer not null references reference.releases,
  primary key (kind, qpp_status, valid_from)
);
comment on table reference.periods_in_force is 'which release holds on which dates: derived from releases by maintenance.refresh_periods, never edited';
comment on column reference.periods_in_force.kind is 'kind of reference data';
comment on column reference.periods_in_force.qpp_status is 'for whom';
comment on column reference.periods_in_force.valid_from is 'first date of service';
comment on column reference.periods_in_force.valid_to is 'last date of service, infinity when open';
comment on column reference.periods_in_force.release_id is 'the release in force';

create table reference.procedure_rvus (
  release_id integer not null references reference.releases,
  hcpcs text not null,
  modifier text not null default '',
  status_code text not null check (status_code in ('A', 'B', 'C', 'D', 'E', 'F', 'G', 'H', 'I', 'J', 'M', 'N', 'P', 'Q', 'R', 'T', 'X')),
  work_rvu numeric(8,2) not null,
  non_facility_pe_rvu numeric(8,2) not null,
  facility_pe_rvu numeric(8,2) not null,
  malpractice_rvu numeric(8,2) not null,
  non_facility_na boolean not null,
  facility_na boolean not null,
  pctc_indicator text not null,
  global_days text not null,
  preoperative_share numeric(5,2) not null,
  intraoperative_share numeric(5,2) not null,
  postoperative_share numeric(5,2) not null,
  multiple_procedure text not null,
  bilateral_surgery text not null,
  assistant_surgery text not null,
  co_surgeons text not null,
  team_surgery text not null,
  endoscopic_base text not null default '',
  conversion_factor numeric(8,4) not null,
  supervision text not null default '',
  calculation_flag text not null default '',
  imaging_family text not null default '',
  opps_non_facility_pe_rvu numeric(8,2) not null,
  opps_facility_pe_rvu numeric(8,2) not null,
  opps_malpractice_rvu numeric(8,2) not null,
  primary key (release_id, hcpcs, modifier)
);
comment on table reference.procedure_rvus is 'Medicare physician fee schedule rows: relative value units and payment indicators (PPRRVU)';
comment on column reference.procedure_rvus.release_id is 'release the row belongs to';
comment on column reference.procedure_rvus.hcpcs is 'HCPCS or CPT code';
comment on column reference.procedure_rvus.modifier is '26, TC, 53, or empty for the global row';
comment on column reference.procedure_rvus.status_code is 'procedure status: A pay, R restricted, T injection, B/P bundled, C contractor-priced, J anesthesia, X/E other schedule, I/N/M not paid, D/F/G/H/Q legacy';
comment on column reference.procedure_rvus.work_rvu is 'physician work';
comment on column reference.procedure_rvus.non_facility_pe_rvu is 'practice expense outside facilities';
comment on column reference.procedure_rvus.facility_pe_rvu is 'practice expense in facilities';
comment on column reference.procedure_rvus.malpractice_rvu is 'malpractice';
comment on column reference.procedure_rvus.non_facility_na is 'NA indicator: rarely or never performed outside facilities';
comment on column reference.procedure_rvus.facility_na is 'NA indicator: rarely or never performed in facilities';
comment on column reference.procedure_rvus.pctc_indicator is 'professional / technical component indicator, 0 to 9';
comment on column reference.procedure_rvus.global_days is 'global surgery period: 000, 010, 090, MMM, XXX, YYY, ZZZ';
comment on column reference.procedure_rvus.preoperative_share is 'pre-operative share of the global package, 0 to 1';
comment on column reference.procedure_rvus.intraoperative_share is 'intra-operative share of the global package, 0 to 1';
comment on column reference.procedure_rvus.postoperative_share is 'post-operative share of the global package, 0 to 1';
comment on column reference.procedure_rvus.multiple_procedure is 'multiple procedure indicator, 0 to 9';
comment on column reference.procedure_rvus.bilateral_surgery is 'bilateral surgery indicator, 0 to 9';
comment on column reference.procedure_rvus.assistant_surgery is 'assistant at surgery indicator, 0 to 9';
comment on column reference.procedure_rvus.co_surgeons is 'co-surgeons indicator, 0 to 9';
comment on column reference.procedure_rvus.team_surgery is 'team surgery indicator, 0 to 9';
comment on column reference.procedure_rvus.endoscopic_base is 'base code of the endoscopic family, or empty';
comment on column reference.procedure_rvus.conversion_factor is 'dollars per relative value unit';
comment on column reference.procedure_rvus.supervision is 'physician supervision of diagnostic procedures';
comment on column reference.procedure_rvus.calculation_flag is 'calculation flag as published';
comment on column reference.procedure_rvus.imaging_family is 'diagnostic imaging family indicator';
comment on column reference.procedure_rvus.opps_non_facility_pe_rvu is 'practice expense for the OPPS cap, outside facilities';
comment on column reference.procedure_rvus.opps_facility_pe_rvu is 'practice expense for the OPPS cap, in facilities';
comment on column reference.procedure_rvus.opps_malpractice_rvu is 'malpractice for the OPPS cap';

create table reference.geographic_indices (
  release_id integer not null references reference.releases,
  carrier text not null,
  locality text not null,
  locality_name text not null,
  state text not null default '',
  work_gpci numeric(6,3),
  work_gpci_floored numeric(6,3),
  practice_expense_gpci numeric(6,3) not null,
  malpractice_gpci numeric(6,3) not null,
  primary key (release_id, carrier, locality),
  check (coalesce(work_gpci, work_gpci_floored) is not null)
);
comment on table reference.geographic_indices is 'geographic practice cost indices by contractor and locality (GPCI)';
comment on column reference.geographic_indices.release_id is 'release the row belongs to';
comment on column reference.geographic_indices.carrier is 'Medicare administrative contractor number, five digits';
comment on column reference.geographic_indices.locality is 'payment locality number, two digits';
comment on column reference.geographic_indices.locality_name is 'locality name as published';
comment on column reference.geographic_indices.state is 'state, two letters';
comment on column reference.geographic_indices.work_gpci is 'work index without the 1.0 floor; null where only the floored one is published';
comment on column reference.geographic_indices.work_gpci_floored is 'work index with the 1.0 floor; null where none is published';
comment on column reference.geographic_indices.practice_expense_gpci is 'practice expense index';
comment on column reference.geographic_indices.malpractice_gpci is 'malpractice index';

create table reference.work_floor_periods (
  valid_from date primary key,
  valid_to date not null check (valid_to >= valid_from)
);
comment on table reference.work_floor_periods is 'dates of service on which the 1.0 floor of the work index is law';
comment on column reference.work_floor_periods.valid_from is 'first date of service';
comment on column reference.work_floor_periods.valid_to is 'last date of service';
insert into reference.work_floor_periods (valid_from, valid_to) values ('2024-01-01', '2026-12-31');

create table reference.anesthesia_conversion_factors (
  release_id integer not null references reference.releases,
  carrier text not null,
  locality text not null,
  locality_name text not null,
  conversion_factor numeric(8,4) not null,
  primary key (release_id, carrier, locality)
);
comment on table reference.anesthesia_conversion_factors is 'anesthesia conversion factors by contractor and locality (ANES)';
comment on column reference.anesthesia_conversion_factors.release_id is 'release the row belongs to';
comment on column reference.anesthesia_conversion_factors.carrier is 'contractor number, five digits';
comment on column reference.anesthesia_conversion_factors.locality is 'payment locality number, two digits';
comment on column reference.anesthesia_conversion_factors.locality_name is 'locality name as published';
comment on column reference.anesthesia_conversion_factors.conversion_factor is 'dollars per anesthesia unit';

create table reference.zip_localities (
  release_id integer not null references reference.releases,
  zip5 text not null,
  state text not null,
  carrier text not null,
  locality text not null,
  rural_indicator text not null default '',
  plus_four_required boolean not null,
  primary key (release_id, zip5)
);
comment on table reference.zip_localities is 'contractor and locality of a five-digit ZIP code (ZIP5)';
comment on column reference.zip_localities.release_id is 'release the row belongs to';
comment on column reference.zip_localities.zip5 is 'five-digit ZIP code';
comment on column reference.zip_localities.state is 'state, two letters';
comment on column reference.zip_localities.carrier is 'contractor number, five digits';
comment on column reference.zip_localities.locality is 'payment locality number, two digits';
comment on column reference.zip_localities.rural_indicator is 'empty urban, R rural, B super rural';
comment on column reference.zip_localities.plus_four_required is 'true where the locality depends on the four digits that follow';

create table reference.opps_caps (
  release_id integer not null references reference.releases,
  hcpcs text not null,
  modifier text not null default '',
  status_code text not null,
  carrier text not null,
  locality text not null,
  facility_amount numeric(12,2) not null,
  non_facility_amount numeric(12,2) not null,
  primary key (release_id, hcpcs, modifier, carrier, locality)
);
comment on table reference.opps_caps is 'amounts that CMS computed for procedures capped at the OPPS amount (OPPSCAP)';
comment on column reference.opps_caps.release_id is 'release the row belongs to';
comment on column reference.opps_caps.hcpcs is 'HCPCS or CPT code';
comment on column reference.opps_caps.modifier is '26, TC or empty';
comment on column reference.opps_caps.status_code is 'procedure status as published';
comment on column reference.opps_caps.carrier is 'contractor number, five digits';
comment on column reference.opps_caps.locality is 'payment locality number, two digits';
comment on column reference.opps_caps.facility_amount is 'dollars in facilities';
comment on column reference.opps_caps.non_facility_amount is 'dollars outside facilities';

create table reference.diagnosis_codes (
  release_id integer not null references reference.releases,
  icd10cm text collate "C" not null,
  primary key (release_id, icd10cm)
);
comment on table reference.diagnosis_codes is 'valid (billable) ICD-10-CM codes';
comment on column reference.diagnosis_codes.release_id is 'release the row belongs to';
comment on column reference.diagnosis_codes.icd10cm is 'code without the dot';

create table reference.place_of_service_codes (
  release_id integer not null references reference.releases,
  place_of_service text not null,
  is_facility boolean,
  name text not null,
  primary key (release_id, place_of_service)
);
comment on table reference.place_of_service_codes is 'place of service codes with their payment setting';
comment on column reference.place_of_service_codes.release_id is 'release the row belongs to';
comment on column reference.place_of_service_codes.place_of_service is 'two-digit code';
comment on column reference.place_of_service_codes.is_facility is 'true when the facility rate applies; null for unassigned codes, which are not valid';
comment on column reference.place_of_service_codes.name is 'name as published';

create table reference.rules (
  rule_code text primary key check (rule_code ~ '^V[0-9]{3}$'),
  title text not null,
  disposition text not null check (disposition in ('reject_claim', 'deny_line', 'pend', 'warn')),
  field text not null,
  claim_status text,
  group_code text,
  carc text,
  rarc text,
  hint text not null
);
comment on table reference.rules is 'the validation edits: what each one does and how it is reported';
comment on column reference.rules.rule_code is 'stable code of the rule';
comment on column reference.rules.title is 'what the rule asks, in one line';
comment on column reference.rules.disposition is 'what a finding does';
comment on column reference.rules.field is '837P field of the intake model that a finding names';
comment on column reference.rules.claim_status is '277CA claim status category and code, or code';
comment on column reference.rules.group_code is '835 claim adjustment group';
comment on column reference.rules.carc is '835 claim adjustment reason code';
comment on column reference.rules.rarc is '835 remittance advice remark code';
comment on column reference.rules.hint is 'what the submitter or the staff does next';

create table reference.payment_modifiers (
  modifier text primary key,
  effect text not null check (effect in ('row', 'reason')),
  reason_code text
);
comment on table reference.payment_modifiers is 'modifiers that change the amount of a line';
comment on column reference.payment_modifiers.modifier is 'two-character modifier';
comment on column reference.payment_modifiers.effect is 'row: a fee schedule row of its own; reason: the line waits with the reason beside';
comment on column reference.payment_modifiers.reason_code is 'why the line waits, where the effect is reason';

create table reference.pricing_reasons (
  reason_code text primary key,
  pricing_status text not null check (pricing_status in ('pended', 'bundled', 'not_covered', 'denied')),
  title text not null,
  group_code text,
  carc text,
  rarc text,
  hint text not null
);
comment on table reference.pricing_reasons is 'why a line carries no amount, or an amount of zero';
comment on column reference.pricing_reasons.reason_code is 'stable name of the reason';
comment on column reference.pricing_reasons.pricing_status is 'what becomes of the line';
comment on column reference.pricing_reasons.title is 'the reason in one line';
comment on column reference.pricing_reasons.group_code is '835 claim adjustment group';
comment on column reference.pricing_reasons.carc is '835 claim adjustment reason code';
comment on column reference.pricing_reasons.rarc is '835 remittance advice remark code';
comment on column reference.pricing_reasons.hint is 'what the staff does next';
alter table reference.payment_modifiers add foreign key (reason_code) references reference.pricing_reasons;

insert into reference.rules
(rule_code, disposition, field, claim_status, group_code, carc, rarc, title, hint)
values
('V001', 'reject_claim', 'any code field', 'A7:481', 'CO', '16', 'MA130', 'a code field holds something that is not a code', 'Send the code alone in the field that the finding names.'),
('V002', 'reject_claim', 'date_of_service', 'A7:187', 'CO', '16', 'M52', 'the date of service is not a calendar date', 'Send the date as YYYY-MM-DD.'),
('V003', 'reject_claim', 'patient.member_id', 'A7:164:IL', 'CO', '31', null, 'the member id is missing or malformed', 'Send the member id as it stands on the member''s card.'),
('V004', 'reject_claim', 'patient.birth_date', 'A7:158', 'CO', '16', 'N329', 'the birth date is not a calendar date', 'Send the birth date as YYYY-MM-DD.'),
('V005', 'reject_claim', 'patient.birth_date', 'A7:158', 'CO', '14', null, 'the patient was born after the date of service', 'Correct the birth date or the date of service.'),
('V006', 'reject_claim', 'patient.sex', 'A7:157', 'CO', '16', 'MA39', 'the sex is not F, M or U', 'Send F, M or U.'),
('V007', 'reject_claim', 'patient.birth_date', 'A7:158', 'CO', '16', 'N329', 'the patient would be older than 124 years', 'Correct the birth date.'),
('V010', 'reject_claim', 'billing_npi', 'A7:562:85', 'CO', '208', 'N257', 'the billing provider NPI fails its check digit', 'Send the NPI that the registry lists for the billing provider.'),
('V011', 'reject_claim', 'rendering_npi', 'A7:562:82', 'CO', '208', 'N290', 'the rendering provider NPI fails its check digit', 'Send the NPI that the registry lists for the rendering provider.'),
('V012', 'reject_claim', 'date_of_service_to', 'A7:187', 'CO', '16', 'M59', 'the service ends before it begins', 'Correct the from or the to date of service.'),
('V013', 'reject_claim', 'date_of_service', 'A7:187', 'CO', '110', null, 'the date of service is after the date of receipt', 'Correct the date of service, or send the claim after the service.'),
('V014', 'reject_claim', 'date_of_service', 'A7:187', 'CO', '16', 'M52', 'the date of service is older than this database keeps', 'Correct the date of service; older claims need queue.settings.service_months_back raised.'),
('V015', 'deny_line', 'date_of_service', '718', 'CO', '29', null, 'the line was received after the timely filing limit', 'Send proof that it was received in time, or ask for an exception (42 CFR 424.44): this denial cannot be appealed.'),
('V021', 'reject_claim', 'hcpcs', 'A7:507', 'CO', '181', 'N56', 'the procedure code is not valid on the date of service', 'Send a code that is valid on the date of service.'),
('V022', 'reject_claim', 'modifiers', 'A7:453', 'CO', '4', null, 'the fee schedule has no row for the procedure with this modifier', 'Remove the modifier, or send the code that allows it.'),
('V023', 'reject_claim', 'diagnoses', 'A7:254', 'CO', '146', 'M76', 'the diagnosis code is not valid on the date of service', 'Send an ICD-10-CM code that is valid on the date of service.'),
('V024', 'reject_claim', 'diagnoses', 'A7:255', 'CO', '146', 'M64', 'the diagnosis code is not coded to full specificity', 'Send the longer code that says what is meant.'),
('V025', 'reject_claim', 'place_of_service', 'A7:249', 'CO', '58', 'M77', 'the place of service code is not valid', 'Send a place of service code that CMS lists.'),
('V026', 'warn', 'date_of_service', null, null, null, null, 'no release of a code list is in force on the date of service, so its codes were not checked', 'Load the release with claims reference load.'),
('V030', 'reject_claim', 'units', 'A7:476', 'CO', '16', 'M53', 'the units are zero or negative', 'Send the number of units performed.'),
('V031', 'reject_claim', 'units', 'A7:476', 'CO', '16', 'M53', 'the units are not a whole number', 'Send whole units.'),
('V032', 'reject_claim', 'charge', 'A7:402', 'CO', '16', 'M79', 'the line charge is zero or negative', 'Send the charge of the line.'),
('V033', 'reject_claim', 'total_charge', 'A7:400', 'CO', '16', 'M54', 'the line charges do not add up to the claim charge', 'Correct the claim charge or the line charges.'),
('V034', 'reject_claim', 'diagnosis_pointers', 'A7:477', 'CO', '16', 'M76', 'a diagnosis pointer points at no diagnosis', 'Point at a diagnosis that the claim lists.'),
('V040', 'reject_claim', 'claim_number', 'A7:54', 'CO', '18', null, 'the claim was already received', 'Send a corrected claim with frequency code 7; a duplicate needs nothing.'),
('V041', 'deny_line', 'hcpcs', '78', 'CO', '18', null, 'the line repeats another line of the claim', 'Appeal with documentation, or bill repeats with modifier 59, 76, 77, 91 or an X modifier.');

insert into reference.pricing_reasons
(reason_code, pricing_status, group_code, carc, rarc, title, hint)
values
('no_release', 'pended', null, null, null, 'no fee schedule release is in force on the date of service', 'Load the relative value file, the indices and the place of service codes for that date.'),
('unknown_code', 'pended', null, null, null, 'the fee schedule in force has no row for the code', 'Check the code, or load the release that has it.'),
('modifier_row_missing', 'pended', null, null, null, 'the code has no row of its own for modifier 26, TC or 53', 'Check the modifier; 53 without a row is individual consideration.'),
('place_of_service_unknown', 'pended', null, null, null, 'the place of service has no payment setting', 'Check the place of service code.'),
('not_above_zero', 'pended', null, null, null, 'the units or the charge are not above zero', 'Correct the units or the charge.'),
('locality_unknown', 'pended', null, null, null, 'the service location gives no payment locality', 'Send carrier and locality, or a ZIP code that the loaded ZIP file lists.'),
('zip_plus_four', 'pended', null, null, null, 'the locality of this ZIP code depends on its last four digits', 'Find the locality by ZIP+4 and send carrier and locality.'),
('contractor_priced', 'pended', null, null, null, 'the contractor sets the price', 'Price by the contractor''s schedule or by report.'),
('no_relative_values', 'pended', null, null, null, 'the code is payable but its row has no relative values', 'Price by report.'),
('other_schedule', 'pended', null, null, null, 'the code is paid under another schedule or by regulation', 'Price by the schedule for drugs, laboratory or supplies.'),
('anesthesia', 'pended', null, null, null, 'anesthesia is priced by base and time units, not by relative values', 'Price by base units, time units and the anesthesia conversion factor.'),
('bilateral', 'pended', null, null, null, 'the amount depends on the bilateral surgery rules', 'Apply the bilateral indicator of the code.'),
('co_surgery', 'pended', null, null, null, 'the amount depends on the co-surgeon or team rules', 'Apply the co-surgeon or team indicator of the code.'),
('assistant_surgery', 'pended', null, null, null, 'the amount depends on the assistant at surgery rules', 'Apply the assistant at surgery indicator of the code.'),
('split_global', 'pended', null, null, null, 'the amount depends on the split of the global package', 'Apply the pre-, intra- and post-operative shares of the code.'),
('documentation', 'pended', null, null, null, 'the amount depends on documentation', 'Read the operative or visit notes.'),
('therapy_assistant', 'pended', null, null, null, 'the amount depends on the therapy assistant rules', 'Apply the reduction for services by an assistant.'),
('provider_type', 'pended', null, null, null, 'the rendering provider is paid a share of the schedule', 'Apply the share of the provider type.'),
('multiple_procedures', 'pended', null, null, null, 'the amount depends on the multiple procedure rules', 'Rank the procedures of the day by the multiple procedure indicator.'),
('bundled', 'bundled', 'CO', '97', null, 'payment is bundled into other services', 'Nothing: no separate payment is made.'),
('injection_bundled', 'bundled', 'CO', '97', null, 'paid only when nothing else payable is billed for the patient and day', 'Nothing: no separate payment is made.'),
('not_valid_for_medicare', 'not_covered', 'CO', '96', null, 'the code is not valid for Medicare', 'Send the code that Medicare uses for the service.'),
('not_covered', 'not_covered', 'PR', '96', null, 'the service is not covered', 'Bill the patient where the rules allow it.'),
('reporting_only', 'not_covered', 'CO', '96', null, 'the code only reports a measurement', 'Nothing: no payment is made.'),
('legacy_status', 'not_covered', 'CO', '96', null, 'the status of the code is no longer payable', 'Send a current code.');

insert into reference.payment_modifiers (modifier, effect, reason_code)
values
('26', 'row', null), ('TC', 'row', null), ('53', 'row', null),
('22', 'reason', 'documentation'), ('52', 'reason', 'documentation'),
('50', 'reason', 'bilateral'),
('62', 'reason', 'co_surgery'), ('66', 'reason', 'co_surgery'),
('80', 'reason', 'assistant_surgery'), ('81', 'reason', 'assistant_surgery'),
('82', 'reason', 'assistant_surgery'), ('AS', 'reason', 'assistant_surgery'),
('54', 'reason', 'split_global'), ('55', 'reason', 'split_global'),
('56', 'reason', 'split_global'), ('78', 'reason', 'split_global'),
('CQ', 'reason', 'therapy_assistant'), ('CO', 'reason', 'therapy_assistant');

reset role;
"""

DOWNGRADE = """
set local role claims_owner;

drop table reference.payment_modifiers;
drop table reference.pricing_reasons;
drop table reference.rules;
drop table reference.place_of_service_codes;
drop table reference.diagnosis_codes;
drop table reference.opps_caps;
drop table reference.zip_localities;
drop table reference.anesthesia_conversion_factors;
drop table reference.work_floor_periods;
drop table reference.geographic_indices;
drop table reference.procedure_rvus;
drop table reference.periods_in_force;
drop table reference.releases;

reset role;
"""


def upgrade() -> None:
    """Create the objects of this revision."""
    op.get_bind().exec_driver_sql(UPGRADE, execution_options=AS_WRITTEN)


def downgrade() -> None:
    """Drop the objects of this revision."""
    op.get_bind().exec_driver_sql(DOWNGRADE, execution_options=AS_WRITTEN)
