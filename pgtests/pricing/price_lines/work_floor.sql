-- Which work index applies is a matter of the date: where the floor of 1.0 is law, the
-- index with the floor; on other dates the one without.
begin;
\ir ../../_support/pricing.sql
select plan(4);

-- One relative value of work at 100 dollars: the amount is the index in percent.
call fixture.add_procedure(
  '10001', p_work_rvu => 1, p_non_facility_pe_rvu => 0, p_malpractice_rvu => 0,
  p_conversion_factor => 100
);
call fixture.add_locality('11111', '01', 0.950, 1.000, 1, 1);
call fixture.add_locality('11111', '02', 1.060, 1.060, 1, 1);
call fixture.add_locality('11111', '03', 0.970, null, 1, 1);
call fixture.add_locality('11111', '04', 1.080, null, 1, 1);
call fixture.add_locality('11111', '05', null, 1.500, 1, 1);
-- A file of 2020 has the index with the floor alone, and the floor was law.
call fixture.add_release('rvu', '2020', '2020-01-01', '2020-12-31');
call fixture.add_procedure(
  '10001', p_work_rvu => 1, p_non_facility_pe_rvu => 0, p_malpractice_rvu => 0,
  p_conversion_factor => 100, p_release => '2020'
);
call fixture.add_release('gpci', '2020', '2020-01-01', '2020-12-31');
call fixture.add_locality('11111', '05', null, 1.000, 1, 1, '2020');
call fixture.add_release('place_of_service', '2020', '2020-01-01', '2020-12-31');
call fixture.add_place_of_service('11', false, '2020');
call fixture.add_line_to_price(
  'of 2020', '10001', p_carrier => '11111', p_locality => '05',
  p_service_date => '2020-12-19'
);
select results_eq(
  'select name, status, allowed_amount from fixture.prices',
  $$ values ('of 2020', 'priced', 100.00) $$,
  'the floor is law in the years before, too'
);
truncate fixture.lines_to_price;

call fixture.set_work_floor('2025-02-01', '2025-09-30');

create procedure pg_temp.add_lines(p_when text, p_service_date date)
language plpgsql
as $$
declare
  v_locality record;
begin
  for v_locality in
    values
    ('01', 'both, below one'), ('02', 'both, above one'),
    ('03', 'without floor, below one'), ('04', 'without floor, above one'),
    ('05', 'with floor alone')
  loop
    call fixture.add_line_to_price(
      v_locality.column2 || ', ' || p_when, '10001', p_carrier => '11111',
      p_locality => v_locality.column1, p_service_date => p_service_date
    );
  end loop;
end;
$$;
call pg_temp.add_lines('first day', '2025-02-01');
call pg_temp.add_lines('last day', '2025-09-30');
select results_eq(
  'select name, status, allowed_amount from fixture.prices',
  $$ values
    ('both, below one, first day', 'priced', 100.00),
    ('both, above one, first day', 'priced', 106.00),
    ('without floor, below one, first day', 'priced', 100.00),
    ('without floor, above one, first day', 'priced', 108.00),
    ('with floor alone, first day', 'priced', 150.00),
    ('both, below one, last day', 'priced', 100.00),
    ('both, above one, last day', 'priced', 106.00),
    ('without floor, below one, last day', 'priced', 100.00),
    ('without floor, above one, last day', 'priced', 108.00),
    ('with floor alone, last day', 'priced', 150.00)
  $$,
  'while the floor is law, no work index is below one'
);
truncate fixture.lines_to_price;

call pg_temp.add_lines('before', '2025-01-31');
call pg_temp.add_lines('after', '2025-10-01');
select results_eq(
  'select name, status, reason, allowed_amount from fixture.prices',
  $$ values
    ('both, below one, before', 'priced', null, 95.00),
    ('both, above one, before', 'priced', null, 106.00),
    ('without floor, below one, before', 'priced', null, 97.00),
    ('without floor, above one, before', 'priced', null, 108.00),
    ('with floor alone, before', 'pended', 'work_index_missing', null),
    ('both, below one, after', 'priced', null, 95.00),
    ('both, above one, after', 'priced', null, 106.00),
    ('without floor, below one, after', 'priced', null, 97.00),
    ('without floor, above one, after', 'priced', null, 108.00),
    ('with floor alone, after', 'pended', 'work_index_missing', null)
  $$,
  'on other dates the index is the one without the floor, or the line waits for it'
);

call fixture.set_work_floor(
  '2025-02-01', '2025-09-30', '2025-10-01', '2025-10-01'
);
select results_eq(
  $$
    select prices.name, prices.allowed_amount
    from fixture.prices as prices
    where prices.name like 'both, below one, %'
  $$,
  $$ values ('both, below one, before', 95.00), ('both, below one, after', 100.00) $$,
  'a renewed law is one more period'
);

select finish();
rollback;
