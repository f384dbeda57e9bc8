"""Code lists of pricing as views of the schema catalogue, in place of tables that revisions fill."""

from alembic import op

revision = "0014"
down_revision = "0013"
branch_labels = None
depends_on = None

# Without parameters the driver sends the text as it stands, percent signs and all.
AS_WRITTEN = {"no_parameters": True}

UPGRADE = """
set local role claims_owner;
drop table reference.payment_modifiers;
drop table reference.pricing_reasons;
drop table reference.work_floor_periods;
reset role;
"""

DOWNGRADE = r"""
set local role claims_owner;

create table reference.work_floor_periods (
  valid_from date primary key,
  valid_to date not null check (valid_to >= valid_from)
);
comment on table reference.work_floor_periods is 'dates of service on which the 1.0 floor of the work index is law';
comment on column reference.work_floor_periods.valid_from is 'first date of service';
comment on column reference.work_floor_periods.valid_to is 'last date of service';
insert into reference.work_floor_periods (valid_from, valid_to) values ('2024-01-01', '2026-12-31');

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


def upgrade() -> None:
    """Drop the tables whose place the views of sql/catalogue take."""
    op.get_bind().exec_driver_sql(UPGRADE, execution_options=AS_WRITTEN)


def downgrade() -> None:
    """Make the tables again, with the rows that revisions had given them."""
    op.get_bind().exec_driver_sql(DOWNGRADE, execution_options=AS_WRITTEN)
