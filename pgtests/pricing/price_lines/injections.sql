-- Status T is paid only when nothing else payable under the schedule is billed for
-- that patient, date and provider: on the lines of the same claim and day.
begin;
\ir ../../_support/pricing.sql
select plan(2);

call fixture.add_procedure('1000T', p_status_code => 'T');
call fixture.add_procedure('2000T', p_status_code => 'T');
do $$
declare
  v_status_code text;
begin
  foreach v_status_code in array string_to_array('A R C J B P X E I N M D F G H Q', ' ')
  loop
    call fixture.add_procedure('1000' || v_status_code, p_status_code => v_status_code);
    call fixture.add_line_to_price(
      'T beside ' || v_status_code, '1000T', p_claim => ascii(v_status_code)
    );
    call fixture.add_line_to_price(
      v_status_code, '1000' || v_status_code, p_claim => ascii(v_status_code)
    );
  end loop;
end;
$$;
select results_eq(
  $$
    select name, status, reason, allowed_amount
    from fixture.prices
    where name like 'T beside %'
  $$,
  $$ values
    ('T beside A', 'bundled', 'injection_bundled', 0.00),
    ('T beside R', 'bundled', 'injection_bundled', 0.00),
    ('T beside C', 'bundled', 'injection_bundled', 0.00),
    ('T beside J', 'bundled', 'injection_bundled', 0.00),
    ('T beside B', 'priced', null, 81.86),
    ('T beside P', 'priced', null, 81.86),
    ('T beside X', 'priced', null, 81.86),
    ('T beside E', 'priced', null, 81.86),
    ('T beside I', 'priced', null, 81.86),
    ('T beside N', 'priced', null, 81.86),
    ('T beside M', 'priced', null, 81.86),
    ('T beside D', 'priced', null, 81.86),
    ('T beside F', 'priced', null, 81.86),
    ('T beside G', 'priced', null, 81.86),
    ('T beside H', 'priced', null, 81.86),
    ('T beside Q', 'priced', null, 81.86)
  $$,
  'only what is payable under the schedule takes the injection in'
);
truncate fixture.lines_to_price;

call fixture.add_line_to_price('alone', '1000T');
call fixture.add_line_to_price('beside another injection', '1000T', p_claim => 1);
call fixture.add_line_to_price('the other injection', '2000T', p_claim => 1);
call fixture.add_line_to_price('a visit', p_claim => 2);
call fixture.add_line_to_price(
  'a day after the visit', '1000T', p_claim => 2, p_service_date => '2025-07-02'
);
call fixture.add_line_to_price('on another claim', '1000T', p_claim => 3);
call fixture.add_line_to_price('beside a code that is unknown', '1000T', p_claim => 4);
call fixture.add_line_to_price('a code that is unknown', '99999', p_claim => 4);
select results_eq(
  'select name, status, reason, allowed_amount from fixture.prices',
  $$ values
    ('alone', 'priced', null, 81.86),
    ('beside another injection', 'priced', null, 81.86),
    ('the other injection', 'priced', null, 81.86),
    ('a visit', 'priced', null, 81.86),
    ('a day after the visit', 'priced', null, 81.86),
    ('on another claim', 'priced', null, 81.86),
    ('beside a code that is unknown', 'priced', null, 81.86),
    ('a code that is unknown', 'pended', 'unknown_code', null)
  $$,
  'and only on the same claim and day'
);

select finish();
rollback;
