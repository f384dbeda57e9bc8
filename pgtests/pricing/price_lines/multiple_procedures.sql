-- Procedures of one day that are ranked together wait for the ranking: it reduces all
-- but the first, and no percentage is invented here.
begin;
\ir ../../_support/pricing.sql
select plan(5);

do $$
declare
  v_indicator text;
begin
  foreach v_indicator in array array['0', '2', '3', '4', '5', '6', '7', '9']
  loop
    call fixture.add_procedure('1000' || v_indicator, p_multiple_procedure => v_indicator);
    call fixture.add_procedure('2000' || v_indicator, p_multiple_procedure => v_indicator);
    call fixture.add_line_to_price(v_indicator || ' alone', '1000' || v_indicator);
    call fixture.add_line_to_price(
      v_indicator || ' first', '1000' || v_indicator, p_claim => v_indicator::bigint
    );
    call fixture.add_line_to_price(
      v_indicator || ' second', '2000' || v_indicator, p_claim => v_indicator::bigint
    );
    call fixture.add_line_to_price(
      v_indicator || ' next day', '2000' || v_indicator, p_claim => v_indicator::bigint,
      p_service_date => '2025-07-02'
    );
  end loop;
end;
$$;
select results_eq(
  $$
    select name, status, reason, allowed_amount
    from fixture.prices
    where name like '% first' or name like '% second'
  $$,
  $$ values
    ('0 first', 'priced', null, 81.86),
    ('0 second', 'priced', null, 81.86),
    ('2 first', 'pended', 'multiple_procedures', null),
    ('2 second', 'pended', 'multiple_procedures', null),
    ('3 first', 'pended', 'multiple_procedures', null),
    ('3 second', 'pended', 'multiple_procedures', null),
    ('4 first', 'pended', 'multiple_procedures', null),
    ('4 second', 'pended', 'multiple_procedures', null),
    ('5 first', 'pended', 'multiple_procedures', null),
    ('5 second', 'pended', 'multiple_procedures', null),
    ('6 first', 'pended', 'multiple_procedures', null),
    ('6 second', 'pended', 'multiple_procedures', null),
    ('7 first', 'pended', 'multiple_procedures', null),
    ('7 second', 'pended', 'multiple_procedures', null),
    ('9 first', 'priced', null, 81.86),
    ('9 second', 'priced', null, 81.86)
  $$,
  'two of one day wait, where their indicator ranks them'
);
select is_empty(
  $$
    select prices.name, prices.status, prices.reason
    from fixture.prices as prices
    where
      prices.name ~ '(alone|next day)$'
      and (prices.status, prices.allowed_amount) is distinct from ('priced', 81.86)
  $$,
  'one alone on its claim and day is paid in full'
);
truncate fixture.lines_to_price;

-- Surgery and therapy rank by unit; imaging and diagnostics by line.
call fixture.add_line_to_price('two units of surgery', '10002', p_units => 2);
call fixture.add_line_to_price('two units of endoscopy', '10003', p_units => 2);
call fixture.add_line_to_price('two units of imaging', '10004', p_units => 2);
call fixture.add_line_to_price('two units of therapy', '10005', p_units => 2);
call fixture.add_line_to_price('two units of cardiovascular', '10006', p_units => 2);
call fixture.add_line_to_price('two units of ophthalmology', '10007', p_units => 2);
select results_eq(
  'select name, status, reason, allowed_amount from fixture.prices',
  $$ values
    ('two units of surgery', 'pended', 'multiple_procedures', null),
    ('two units of endoscopy', 'pended', 'multiple_procedures', null),
    ('two units of imaging', 'priced', null, 163.72),
    ('two units of therapy', 'pended', 'multiple_procedures', null),
    ('two units of cardiovascular', 'priced', null, 163.72),
    ('two units of ophthalmology', 'priced', null, 163.72)
  $$,
  'units rank one by one where the rule counts units'
);
truncate fixture.lines_to_price;

call fixture.add_procedure('3000Z', p_multiple_procedure => '2', p_global_days => 'ZZZ');
call fixture.add_procedure('40006', '26', p_multiple_procedure => '6');
call fixture.add_procedure('40006', 'TC', p_multiple_procedure => '6');
call fixture.add_procedure('40007', '26', p_multiple_procedure => '7');
call fixture.add_line_to_price('surgery', '10002', p_claim => 1);
call fixture.add_line_to_price('its add-on', '3000Z', p_claim => 1, p_units => 2);
call fixture.add_line_to_price('endoscopy', '10003', p_claim => 2);
call fixture.add_line_to_price('surgery beside it', '10002', p_claim => 2);
call fixture.add_line_to_price('cardiovascular, professional', '40006', '{26}', p_claim => 3);
call fixture.add_line_to_price('cardiovascular, technical', '40006', '{TC}', p_claim => 3);
call fixture.add_line_to_price('ophthalmology', '10007', p_claim => 4);
call fixture.add_line_to_price('ophthalmology, professional', '40007', '{26}', p_claim => 4);
call fixture.add_line_to_price('imaging', '10004', p_claim => 5);
call fixture.add_line_to_price('therapy', '10005', p_claim => 5);
select results_eq(
  'select name, status, reason from fixture.prices',
  $$ values
    ('surgery', 'priced', null),
    ('its add-on', 'priced', null),
    ('endoscopy', 'pended', 'multiple_procedures'),
    ('surgery beside it', 'pended', 'multiple_procedures'),
    ('cardiovascular, professional', 'priced', null),
    ('cardiovascular, technical', 'priced', null),
    ('ophthalmology', 'priced', null),
    ('ophthalmology, professional', 'priced', null),
    ('imaging', 'priced', null),
    ('therapy', 'priced', null)
  $$,
  'add-ons, and professional parts of diagnostics, take no part; endoscopy ranks with surgery'
);
truncate fixture.lines_to_price;

-- A code that waits for another reason is billed that day all the same.
call fixture.add_procedure('5000C', p_multiple_procedure => '2', p_status_code => 'C');
call fixture.add_procedure('5000B', p_multiple_procedure => '2', p_status_code => 'B');
call fixture.add_line_to_price('beside the contractor''s', '10002', p_claim => 1);
call fixture.add_line_to_price('the contractor''s', '5000C', p_claim => 1);
call fixture.add_line_to_price('beside a bundled one', '10002', p_claim => 2);
call fixture.add_line_to_price('a bundled one', '5000B', p_claim => 2);
select results_eq(
  'select name, status, reason from fixture.prices',
  $$ values
    ('beside the contractor''s', 'pended', 'multiple_procedures'),
    ('the contractor''s', 'pended', 'contractor_priced'),
    ('beside a bundled one', 'priced', null),
    ('a bundled one', 'bundled', 'bundled')
  $$,
  'payable lines take part in the ranking, and those without payment do not'
);

select finish();
rollback;
