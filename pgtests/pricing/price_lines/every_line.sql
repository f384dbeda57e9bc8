-- Every line comes back exactly once: with an amount and its steps, or with a status
-- and a reason. Tried on lines with every combination of what can be right or wrong.
begin;
\ir ../../_support/pricing.sql
select plan(12);

call fixture.add_procedure('1000B', p_status_code => 'B');
call fixture.add_procedure('1000C', p_status_code => 'C');
call fixture.add_procedure('1000T', p_status_code => 'T');
call fixture.add_procedure(
  '10002', p_multiple_procedure => '2', p_opps_non_facility_pe_rvu => 0.40,
  p_opps_facility_pe_rvu => 0.30, p_opps_malpractice_rvu => 0.05
);

create temporary table line as
select
  (row_number() over () / 7)::bigint as claim_id,
  (row_number() over () % 7)::smallint as line_number,
  service_date.service_date::date,
  hcpcs.hcpcs,
  modifiers.modifiers::text[],
  place.place_of_service,
  units.units,
  charge.charge,
  place.carrier,
  '00'::text as locality,
  place.service_zip,
  taxonomy.rendering_taxonomy
from (values ('2025-07-01'), ('2031-01-01'), (null)) as service_date (service_date)
cross join (values
  ('99213'), ('71046'), ('10002'), ('1000B'), ('1000C'), ('1000T'), ('99999'), (null)
) as hcpcs (hcpcs)
cross join (values (null), ('{}'), ('{26}'), ('{59,TC}'), ('{80}'), ('{RT,LT}'))
  as modifiers (modifiers)
cross join (values
  ('11', '10112', null), ('21', null, '35203'), ('98', null, null), (null, '99999',
    null)
) as place (place_of_service, carrier, service_zip)
cross join (values (1), (7), (0.5), (0), (null)) as units (units)
cross join (values (40.00), (null)) as charge (charge)
cross join (values ('207Q00000X'), ('363L00000X'), (null))
  as taxonomy (rendering_taxonomy);

create temporary table priced as
select price.*
from pricing.price_lines(
  array(
    select row(
      line.claim_id, line.line_number, line.service_date, line.hcpcs, line.modifiers,
      line.place_of_service, line.units, line.charge, line.carrier, line.locality,
      line.service_zip, line.rendering_taxonomy
    )::pricing.line_to_price
    from line
  )
) as price;

select is((select count(*) from line), 17280::bigint, 'there are many lines');
select bag_eq(
  'select priced.claim_id, priced.line_number from priced',
  'select line.claim_id, line.line_number from line',
  'each comes back, and once'
);
select set_eq(
  'select priced.pricing_status from priced',
  array['priced', 'pended', 'bundled'],
  'in every state'
);
select is_empty(
  $$
    select priced.*
    from priced
    where
      (priced.pricing_status = 'priced') <> (priced.reason_code is null)
      or (priced.pricing_status = 'pended') <> (priced.allowed_amount is null)
      or priced.pricing_status in ('bundled', 'not_covered')
      and priced.allowed_amount <> 0
      or priced.pricing_status = 'priced' and priced.allowed_amount < 0
  $$,
  'a priced line has an amount, a pended one a reason and none, another one zero'
);
select is_empty(
  $$
    select priced.*
    from priced
    left join catalogue.pricing_reasons as reason
      on
        priced.reason_code = reason.reason_code
        and priced.pricing_status = reason.pricing_status
    where priced.reason_code is not null and reason.reason_code is null
  $$,
  'every reason is one of the list, with the status that the list gives it'
);
select is_empty(
  $$
    select priced.*
    from priced
    where
      priced.pricing_status = 'priced'
      and (priced.rvu_release_id is null or priced.gpci_release_id is null)
  $$,
  'every priced line names its releases'
);
select is_empty(
  $$
    select priced.*
    from priced
    where
      (priced.pricing_status = 'priced') <> (priced.step_codes is not null)
      or cardinality(priced.step_codes)
      is distinct from cardinality(priced.step_factors)
      or cardinality(priced.step_codes)
      is distinct from cardinality(priced.step_amounts)
  $$,
  'priced lines have steps, others have none, and a factor and an amount for each step'
);
select is_empty(
  $$
    select priced.*
    from priced
    where round(priced.step_amounts[cardinality(priced.step_amounts)], 2)
      <> priced.allowed_amount
  $$,
  'the amount of the last step rounds to the allowed amount'
);
select is_empty(
  $$
    select priced.*
    from priced
    cross join lateral (
      select array_agg(step.code order by step.position) as codes
      from (values
        ('fee_schedule', 1), ('units', 2), ('opps_cap', 3), ('charge', 4)
      ) as step (code, position)
      where step.code = any(priced.step_codes)
    ) as ordered
    where priced.step_codes <> ordered.codes or priced.step_codes[1] <> 'fee_schedule'
  $$,
  'the steps stand in their order, and each once'
);

select is_empty(
  'select * from pricing.price_lines(''{}'')', 'no lines come to no lines'
);
select is_empty('select * from pricing.price_lines(null)', 'nor does null');
select results_eq(
  $$
    select price.claim_id, price.pricing_status, price.reason_code
    from pricing.price_lines(array[null::pricing.line_to_price]) as price
  $$,
  $$ values (null::bigint, 'pended', 'no_release') $$,
  'a line of nothing comes back, too'
);

select finish();
rollback;
