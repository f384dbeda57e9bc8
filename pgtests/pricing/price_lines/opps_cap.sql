-- Where the row has relative values for the OPPS cap, the amount is at most what the
-- same formula makes of them.
begin;
\ir ../../_support/pricing.sql
select plan(2);

-- Indices of one and a factor of one: amounts are sums of relative values.
call fixture.add_locality('11111', '01', 1.000, 1.000, 1.000, 1.000);
create procedure pg_temp.add_row(
  p_hcpcs text, p_opps_non_facility numeric, p_opps_facility numeric, p_opps_mp numeric
)
language sql
as $$
  call fixture.add_procedure(
    p_hcpcs, p_work_rvu => 1, p_non_facility_pe_rvu => 8, p_facility_pe_rvu => 6,
    p_malpractice_rvu => 1, p_conversion_factor => 1,
    p_opps_non_facility_pe_rvu => p_opps_non_facility,
    p_opps_facility_pe_rvu => p_opps_facility, p_opps_malpractice_rvu => p_opps_mp
  )
$$;
call pg_temp.add_row('10001', 4, 3, 0.50);
call pg_temp.add_row('10002', 40, 30, 5);
call pg_temp.add_row('10003', 8, 6, 1);
call pg_temp.add_row('10004', 0, 0, 0.50);
call pg_temp.add_row('10005', 0, 0, 0);

create procedure pg_temp.add_line(
  p_name text, p_hcpcs text, p_units numeric default 1, p_place text default '11',
  p_charge numeric default null
)
language sql
as $$
  call fixture.add_line_to_price(
    p_name, p_hcpcs, p_place_of_service => p_place, p_units => p_units,
    p_charge => p_charge, p_carrier => '11111', p_locality => '01'
  )
$$;
call pg_temp.add_line('a lower cap', '10001');
call pg_temp.add_line('in a facility', '10001', p_place => '21');
call pg_temp.add_line('of three units', '10001', p_units => 3);
call pg_temp.add_line('above the charge', '10001', p_charge => 5.25);
call pg_temp.add_line('below the charge', '10001', p_charge => 6);
call pg_temp.add_line('three units above the charge', '10001', p_units => 3, p_charge => 16);
call pg_temp.add_line('a higher cap', '10002');
call pg_temp.add_line('an equal cap', '10003');
call pg_temp.add_line('a cap of work and malpractice alone', '10004');
call pg_temp.add_line('no cap', '10005');
select results_eq(
  'select name, allowed_amount, step_codes, step_factors, step_amounts from fixture.prices',
  $$ values
    -- 1 + 8 + 1 = 10, capped at 1 + 4 + 0.50 = 5.50
    ('a lower cap', 5.50, '{fee_schedule,opps_cap}'::text[], '{1,null}'::numeric[], '{10,5.5}'::numeric[]),
    -- 1 + 6 + 1 = 8, capped at 1 + 3 + 0.50 = 4.50
    ('in a facility', 4.50, '{fee_schedule,opps_cap}', '{1,null}', '{8,4.5}'),
    -- 3 × 10 = 30, capped at 3 × 5.50 = 16.50
    ('of three units', 16.50, '{fee_schedule,units,opps_cap}', '{1,3,null}', '{10,30,16.5}'),
    ('above the charge', 5.25, '{fee_schedule,opps_cap,charge}', '{1,null,null}', '{10,5.5,5.25}'),
    ('below the charge', 5.50, '{fee_schedule,opps_cap}', '{1,null}', '{10,5.5}'),
    ('three units above the charge', 16.00, '{fee_schedule,units,opps_cap,charge}', '{1,3,null,null}', '{10,30,16.5,16}'),
    ('a higher cap', 10.00, '{fee_schedule}', '{1}', '{10}'),
    ('an equal cap', 10.00, '{fee_schedule}', '{1}', '{10}'),
    -- 1 + 0 + 0.50 = 1.50
    ('a cap of work and malpractice alone', 1.50, '{fee_schedule,opps_cap}', '{1,null}', '{10,1.5}'),
    ('no cap', 10.00, '{fee_schedule}', '{1}', '{10}')
  $$,
  'the lower of fee and cap is allowed, and the cap is a step when it was the lower'
);
truncate fixture.lines_to_price;

-- The cap takes the indices as the fee does:
-- fee (1 × 1.000 + 8 × 0.869 + 1 × 0.575) × 1 = 8.527
-- cap (1 × 1.000 + 4 × 0.869 + 0.50 × 0.575) × 1 = 4.7635
call fixture.add_line_to_price('in Alabama', '10001');
select results_eq(
  'select name, allowed_amount, step_amounts from fixture.prices',
  $$ values ('in Alabama', 4.76, '{8.527,4.7635}'::numeric[]) $$,
  'the cap is computed with the indices of the locality'
);

select finish();
rollback;
