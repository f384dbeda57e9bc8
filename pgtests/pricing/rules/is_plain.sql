-- Plain lines are not shown to the rules of lines. Here all are shown, and the rules
-- have nothing to say of the plain ones. Tried on every combination of what a line can
-- have.
begin;
\ir ../../_support/pricing.sql
select plan(2);

call fixture.set_work_floor('2025-01-01', '2025-12-31');
call fixture.add_locality('11111', '00', 1.000, null, 1, 1);
call fixture.add_zip('40001', '11111', '00', p_plus_four_required => true);
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
cross join (values (null), ('{}'), ('{26}'), ('{59,TC}'), ('{TC,26}'), ('{80}'), ('{RT,LT}'))
  as modifiers (modifiers)
cross join (values
  ('11', '10112', null), ('21', null, '35203'), ('98', null, null), (null, '99999',
    null), ('11', null, '40001'), ('11', null, '99999')
) as place (place_of_service, carrier, service_zip)
cross join (values (1), (7), (0.5), (0), (null)) as units (units)
cross join (values (40.00), (null)) as charge (charge)
cross join (values ('207Q00000X'), ('363L00000X'), (null))
  as taxonomy (rendering_taxonomy);

create temporary table rated as
select
  rated.*,
  pricing.is_plain(
    rated.fee, rated.status_code, rated.has_relative_values, rated.units, rated.charge,
    rated.modifiers, rated.row_modifier, rated.rendering_taxonomy, rated.is_facility,
    rated.plus_four_required, rated.opps_cap,
    array(
      select special.modifier
      from catalogue.payment_modifiers as special
      where special.effect <> 'row'
    )
  ) as is_plain
from pricing.rate_lines(
  array(
    select row(
      line.claim_id, line.line_number, line.service_date, line.hcpcs, line.modifiers,
      line.place_of_service, line.units, line.charge, line.carrier, line.locality,
      line.service_zip, line.rendering_taxonomy
    )::pricing.line_to_price
    from line
  )
) as rated;
create temporary table said as
select effect.*
from pricing.apply_line_rules(
  array(
    select
      jsonb_populate_record(null::pricing.rated_line, to_jsonb(rated) - 'is_plain')
    from rated
  )
) as effect;

select ok(
  (select bool_or(rated.is_plain) and not bool_and(rated.is_plain) from rated),
  'some lines are plain, and some are not'
);
select is_empty(
  $$
    select rated.*, said.step_code, said.reason_code
    from rated
    inner join said on rated.position = said.position
    where rated.is_plain
  $$,
  'no rule touches a plain line'
);
select finish();
rollback;
