-- Nothing is rounded on the way; the result is rounded once, half up.
begin;
\ir ../../_support/pricing.sql
select plan(2);

call fixture.add_locality('99999', '01', 1.000, 1.000, 1.005, 1.000);
call fixture.add_locality('99999', '02', 0.004, 0.004, 0.004, 0.004);
call fixture.add_locality('99999', '03', 1.000, 1.000, 1.115, 1.000);

create procedure pg_temp.add_row(
  p_hcpcs text, p_work numeric, p_pe numeric, p_mp numeric, p_factor numeric
)
language sql
as $$
  call fixture.add_procedure(
    p_hcpcs, p_work_rvu => p_work, p_non_facility_pe_rvu => p_pe,
    p_malpractice_rvu => p_mp, p_conversion_factor => p_factor
  )
$$;

-- 1.00 × 1.005 × 1 = 1.005
call pg_temp.add_row('10001', 0, 1, 0, 1);
call fixture.add_line_to_price(
  'half a cent goes up', '10001', p_carrier => '99999', p_locality => '01'
);
-- 1.00 × 1.005 × 3 = 3.015; to binary floating point that is a little less
call fixture.add_line_to_price(
  'of three units, too', '10001', p_units => 3, p_carrier => '99999',
  p_locality => '01'
);
-- 1.00 × 1.005 × 0.9999 = 1.0048995
call pg_temp.add_row('10002', 0, 1, 0, 0.9999);
call fixture.add_line_to_price(
  'less than half a cent goes down', '10002', p_carrier => '99999', p_locality => '01'
);
-- (0.50 × 1.000 + 0.05 × 1.000) × 18.1909 = 10.004995; four decimals of it are
-- 10.0050, which would go up
call pg_temp.add_row('10003', 0.50, 0, 0.05, 18.1909);
call fixture.add_line_to_price(
  'even when four decimals of it are half a cent', '10003', p_carrier => '99999',
  p_locality => '01'
);
-- 1 × 0.004 + 1 × 0.004 + 1 × 0.004 = 0.012, and each part alone is nothing
call pg_temp.add_row('10004', 1, 1, 1, 1);
call fixture.add_line_to_price(
  'the parts are not rounded', '10004', p_carrier => '99999', p_locality => '02'
);
-- 1.115 × 7 = 7.805; 7 × 1.12 would be 7.84
call fixture.add_line_to_price(
  'nor is the amount of one unit', '10001', p_units => 7, p_carrier => '99999',
  p_locality => '03'
);
select results_eq(
  'select name, allowed_amount from fixture.prices',
  $$ values
    ('half a cent goes up', 1.01),
    ('of three units, too', 3.02),
    ('less than half a cent goes down', 1.00),
    ('even when four decimals of it are half a cent', 10.00),
    ('the parts are not rounded', 0.01),
    ('nor is the amount of one unit', 7.81)
  $$,
  'amounts are rounded half up, once'
);

select results_eq(
  $$
    select prices.name, prices.step_amounts
    from fixture.prices as prices
    where prices.name in (
      'even when four decimals of it are half a cent', 'nor is the amount of one unit'
    )
  $$,
  $$ values
    ('even when four decimals of it are half a cent', '{10.004995}'::numeric[]),
    ('nor is the amount of one unit', '{1.115,7.805}')
  $$,
  'the amounts of the steps are exact'
);

select finish();
rollback;
