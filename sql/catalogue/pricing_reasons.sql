-- Why a line carries no amount, or an amount of zero. Which of several reasons
-- is told is a matter of the step that gives it (catalogue.pricing_steps).
create view catalogue.pricing_reasons as
select
  reason.reason_code,
  reason.pricing_status,
  reason.group_code,
  reason.carc,
  reason.rarc,
  reason.title,
  reason.hint
from (
  values
  (
    'no_release', 'pended', null, null, null,
    'no fee schedule release is in force on the date of service',
    'Load relative values, indices and place of service codes for that date.'
  ),
  (
    'unknown_code', 'pended', null, null, null,
    'the fee schedule in force has no row for the code',
    'Check the code, or load the release that has it.'
  ),
  (
    'modifier_row_missing', 'pended', null, null, null,
    'the code has no row of its own for modifier 26, TC or 53',
    'Check the modifier; 53 without a row is individual consideration.'
  ),
  (
    'place_of_service_unknown', 'pended', null, null, null,
    'the place of service has no payment setting',
    'Check the place of service code.'
  ),
  (
    'not_above_zero', 'pended', null, null, null,
    'the units or the charge are not above zero',
    'Correct the units or the charge.'
  ),
  (
    'locality_unknown', 'pended', null, null, null,
    'the service location gives no payment locality',
    'Send carrier and locality, or a ZIP code that the loaded ZIP file lists.'
  ),
  (
    'zip_plus_four', 'pended', null, null, null,
    'the locality of this ZIP code depends on its last four digits',
    'Find the locality by ZIP+4 and send carrier and locality.'
  ),
  (
    'zip_plus_four_unlisted', 'pended', null, null, null,
    'no list is loaded that gives the locality of all nine digits of this ZIP code',
    'Find the locality by ZIP+4 and send carrier and locality.'
  ),
  (
    'zip_list_incomplete', 'pended', null, null, null,
    'the list of ZIP codes for that date is missing or not complete',
    'Load the ZIP code file of CMS for that date, or send carrier and locality.'
  ),
  (
    'work_index_missing', 'pended', null, null, null,
    'only the work index with the floor of 1.0 is published, and the floor is not law',
    'Load indices that have the work index without the floor.'
  ),
  (
    'contractor_priced', 'pended', null, null, null,
    'the contractor sets the price',
    'Price by the contractor''s schedule or by report.'
  ),
  (
    'no_relative_values', 'pended', null, null, null,
    'the code is payable but its row has no relative values',
    'Price by report.'
  ),
  (
    'other_schedule', 'pended', null, null, null,
    'the code is paid under another schedule or by regulation',
    'Price by the schedule for drugs, laboratory or supplies.'
  ),
  (
    'anesthesia', 'pended', null, null, null,
    'anesthesia is priced by base and time units, not by relative values',
    'Price by base units, time units and the anesthesia conversion factor.'
  ),
  (
    'bilateral', 'pended', null, null, null,
    'the amount depends on the bilateral surgery rules',
    'Apply the bilateral indicator of the code.'
  ),
  (
    'co_surgery', 'pended', null, null, null,
    'the amount depends on the co-surgeon or team rules',
    'Apply the co-surgeon or team indicator of the code.'
  ),
  (
    'assistant_surgery', 'pended', null, null, null,
    'the amount depends on the assistant at surgery rules',
    'Apply the assistant at surgery indicator of the code.'
  ),
  (
    'split_global', 'pended', null, null, null,
    'the amount depends on the split of the global package',
    'Apply the pre-, intra- and post-operative shares of the code.'
  ),
  (
    'documentation', 'pended', null, null, null,
    'the amount depends on documentation',
    'Read the operative or visit notes.'
  ),
  (
    'therapy_assistant', 'pended', null, null, null,
    'the amount depends on the therapy assistant rules',
    'Apply the reduction for services by an assistant.'
  ),
  (
    'provider_type', 'pended', null, null, null,
    'the rendering provider is paid a share of the schedule',
    'Apply the share of the provider type.'
  ),
  (
    'multiple_procedures', 'pended', null, null, null,
    'the amount depends on the multiple procedure rules',
    'Rank the procedures of the day by the multiple procedure indicator.'
  ),
  (
    'bundled', 'bundled', 'CO', '97', null,
    'payment is bundled into other services',
    'Nothing: no separate payment is made.'
  ),
  (
    'injection_bundled', 'bundled', 'CO', '97', null,
    'paid only when nothing else payable is billed for the patient and day',
    'Nothing: no separate payment is made.'
  ),
  (
    'not_valid_for_medicare', 'not_covered', 'CO', '96', null,
    'the code is not valid for Medicare',
    'Send the code that Medicare uses for the service.'
  ),
  (
    'not_covered', 'not_covered', 'PR', '96', null,
    'the service is not covered',
    'Bill the patient where the rules allow it.'
  ),
  (
    'reporting_only', 'not_covered', 'CO', '96', null,
    'the code only reports a measurement',
    'Nothing: no payment is made.'
  ),
  (
    'legacy_status', 'not_covered', 'CO', '96', null,
    'the status of the code is no longer payable',
    'Send a current code.'
  )
) as reason (reason_code, pricing_status, group_code, carc, rarc, title, hint);

comment on view catalogue.pricing_reasons
is 'Why a line carries no amount, or an amount of zero: what becomes of it, its codes on an 835, the reason in one line and what the staff does next.';
comment on column catalogue.pricing_reasons.reason_code
is 'the reason, as lines have it';
comment on column catalogue.pricing_reasons.pricing_status
is 'what becomes of the line: pended, bundled, not_covered or priced';
comment on column catalogue.pricing_reasons.group_code is '835 claim adjustment group';
comment on column catalogue.pricing_reasons.carc is '835 claim adjustment reason code';
comment on column catalogue.pricing_reasons.rarc is '835 remittance advice remark code';
comment on column catalogue.pricing_reasons.title is 'the reason in words';
comment on column catalogue.pricing_reasons.hint is 'what the staff does next';
