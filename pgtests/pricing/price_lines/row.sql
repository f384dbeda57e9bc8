-- The row of the fee schedule is found by code, modifier and date. 26, TC and 53
-- are rows of their own, never multipliers.
begin;
\ir ../../_support/pricing.sql
select plan(3);

-- Practice expense alone, so that the amount tells the row: 0.869 times it, in dollars.
call fixture.add_release('rvu', 'next quarter', '2025-10-01', '2025-12-31');
create procedure pg_temp.add_row(
  p_hcpcs text, p_modifier text, p_pe numeric, p_release text default 'standard'
)
language sql
as $$
  call fixture.add_procedure(
    p_hcpcs, p_modifier, p_release, p_work_rvu => 0, p_malpractice_rvu => 0,
    p_non_facility_pe_rvu => p_pe, p_facility_pe_rvu => p_pe, p_conversion_factor => 1
  )
$$;
call pg_temp.add_row('10001', '', 100);
call pg_temp.add_row('10001', '26', 20);
call pg_temp.add_row('10001', 'TC', 70);
call pg_temp.add_row('10001', '53', 40);
call pg_temp.add_row('10002', '', 10);
call pg_temp.add_row('10003', 'TC', 30);
call pg_temp.add_row('10001', '', 200, 'next quarter');

call fixture.add_line_to_price('no modifier', '10001');
call fixture.add_line_to_price('an empty array', '10001', '{}');
call fixture.add_line_to_price('a modifier without effect', '10001', '{59}');
call fixture.add_line_to_price('26', '10001', '{26}');
call fixture.add_line_to_price('TC', '10001', '{TC}');
call fixture.add_line_to_price('53', '10001', '{53}');
call fixture.add_line_to_price('26 in second place', '10001', '{59,26}');
call fixture.add_line_to_price('TC behind a null', '10001', array[null, 'TC']);
call fixture.add_line_to_price('TC alone on the schedule', '10003', '{TC}');
call fixture.add_line_to_price(
  'the last day', '10001', p_service_date => '2025-09-30'
);
call fixture.add_line_to_price(
  'the first day of the next release', '10001', p_service_date => '2025-10-01'
);
select results_eq(
  'select name, status, allowed_amount from fixture.prices',
  $$ values
    ('no modifier', 'priced', 86.90),
    ('an empty array', 'priced', 86.90),
    ('a modifier without effect', 'priced', 86.90),
    ('26', 'priced', 17.38),
    ('TC', 'priced', 60.83),
    ('53', 'priced', 34.76),
    ('26 in second place', 'priced', 17.38),
    ('TC behind a null', 'priced', 60.83),
    ('TC alone on the schedule', 'priced', 26.07),
    ('the last day', 'priced', 86.90),
    ('the first day of the next release', 'priced', 173.80)
  $$,
  'each line is priced by its own row'
);
select results_eq(
  $$
    select prices.rvu_release_id
    from fixture.prices as prices
    where prices.name in ('the last day', 'the first day of the next release')
  $$,
  $$ values (fixture.release_id('rvu')), (fixture.release_id('rvu', 'next quarter')) $$,
  'and names the release of its row'
);
truncate fixture.lines_to_price;

call fixture.add_line_to_price('26 without a row', '10002', '{26}');
call fixture.add_line_to_price('TC without a row', '10002', '{TC}');
call fixture.add_line_to_price('53 without a row', '10002', '{53}');
call fixture.add_line_to_price('the global row is missing', '10003');
call fixture.add_line_to_price('26 beside a TC row alone', '10003', '{26}');
call fixture.add_line_to_price('26 and TC, which have rows', '10001', '{26,TC}');
call fixture.add_line_to_price('26 and 53, which have rows', '10001', '{53,26}');
call fixture.add_line_to_price('a code that is on no release', '10009');
call fixture.add_line_to_price('that code with 26', '10009', '{26}');
call fixture.add_line_to_price('no code', null);
call fixture.add_line_to_price(
  'a code of the past', '10002', p_service_date => '2025-10-01'
);
select results_eq(
  'select name, status, reason, allowed_amount from fixture.prices',
  $$ values
    ('26 without a row', 'pended', 'modifier_row_missing', null::numeric),
    ('TC without a row', 'pended', 'modifier_row_missing', null),
    ('53 without a row', 'pended', 'modifier_row_missing', null),
    ('the global row is missing', 'pended', 'unknown_code', null),
    ('26 beside a TC row alone', 'pended', 'modifier_row_missing', null),
    ('26 and TC, which have rows', 'pended', 'modifier_row_missing', null),
    ('26 and 53, which have rows', 'pended', 'modifier_row_missing', null),
    ('a code that is on no release', 'pended', 'unknown_code', null),
    ('that code with 26', 'pended', 'unknown_code', null),
    ('no code', 'pended', 'unknown_code', null),
    ('a code of the past', 'pended', 'unknown_code', null)
  $$,
  'a line without a row of its own waits, and takes no other row'
);

select finish();
rollback;
