-- A procedure on both sides is billed as RT and LT on two lines; what that comes to
-- is the matter of the bilateral indicator. Units alone never say so.
begin;
\ir ../../_support/pricing.sql
select plan(3);

do $$
declare
  v_indicator text;
begin
  foreach v_indicator in array array['0', '1', '2', '3', '9']
  loop
    call fixture.add_procedure('1000' || v_indicator, p_bilateral_surgery => v_indicator);
    call fixture.add_line_to_price(
      v_indicator || ' right', '1000' || v_indicator, '{RT}',
      p_claim => v_indicator::bigint
    );
    call fixture.add_line_to_price(
      v_indicator || ' left', '1000' || v_indicator, '{59,LT}',
      p_claim => v_indicator::bigint
    );
  end loop;
end;
$$;
select results_eq(
  'select name, status, reason, allowed_amount from fixture.prices',
  $$ values
    ('0 right', 'pended', 'bilateral', null),
    ('0 left', 'pended', 'bilateral', null),
    ('1 right', 'pended', 'bilateral', null),
    ('1 left', 'pended', 'bilateral', null),
    ('2 right', 'pended', 'bilateral', null),
    ('2 left', 'pended', 'bilateral', null),
    ('3 right', 'priced', null, 81.86),
    ('3 left', 'priced', null, 81.86),
    ('9 right', 'priced', null, 81.86),
    ('9 left', 'priced', null, 81.86)
  $$,
  'both sides wait for the rule of their indicator; 3 pays each in full'
);
truncate fixture.lines_to_price;

call fixture.add_line_to_price('right alone', '10001', '{RT}', p_claim => 1);
call fixture.add_line_to_price('right twice', '10001', '{RT}', p_claim => 2);
call fixture.add_line_to_price('right again', '10001', '{RT}', p_claim => 2);
call fixture.add_line_to_price('right, and', '10001', '{RT}', p_claim => 3);
call fixture.add_line_to_price('another code left', '10002', '{LT}', p_claim => 3);
call fixture.add_line_to_price('right today', '10001', '{RT}', p_claim => 4);
call fixture.add_line_to_price(
  'left tomorrow', '10001', '{LT}', p_service_date => '2025-07-02', p_claim => 4
);
call fixture.add_line_to_price('right, patient A', '10001', '{RT}', p_claim => 5);
call fixture.add_line_to_price('left, patient B', '10001', '{LT}', p_claim => 6);
call fixture.add_line_to_price('two units', '10001', p_units => 2);
select results_eq(
  'select name, status, allowed_amount from fixture.prices',
  $$ values
    ('right alone', 'priced', 81.86),
    ('right twice', 'priced', 81.86),
    ('right again', 'priced', 81.86),
    ('right, and', 'priced', 81.86),
    ('another code left', 'priced', 81.86),
    ('right today', 'priced', 81.86),
    ('left tomorrow', 'priced', 81.86),
    ('right, patient A', 'priced', 81.86),
    ('left, patient B', 'priced', 81.86),
    ('two units', 'priced', 163.72)
  $$,
  'only the same code, day and claim on both sides is bilateral'
);
truncate fixture.lines_to_price;

call fixture.add_line_to_price('both on one line', '10001', '{RT,LT}');
call fixture.add_line_to_price('left', '10001', '{LT}', p_claim => 1);
call fixture.add_line_to_price('right', '10001', '{RT}', p_claim => 1);
call fixture.add_line_to_price('no side', '10001', p_claim => 1);
select results_eq(
  'select name, status, reason from fixture.prices',
  $$ values
    ('both on one line', 'pended', 'bilateral'),
    ('left', 'pended', 'bilateral'),
    ('right', 'pended', 'bilateral'),
    ('no side', 'priced', null)
  $$,
  'in any order, on one line too, and a line without a side beside them is paid'
);

select finish();
rollback;
