-- The indices are those of the contractor and locality that the claim names, or else
-- of its service ZIP code. Where neither gives a locality the line waits: there is no
-- national amount to fall back on.
begin;
\ir ../../_support/pricing.sql
select plan(4);

-- One relative value of practice expense at one dollar: the amount is the index.
call fixture.add_procedure(
  '10001', p_work_rvu => 0, p_non_facility_pe_rvu => 1, p_malpractice_rvu => 0,
  p_conversion_factor => 1
);
call fixture.add_locality('11111', '01', 1.000, 1.000, 1.110, 1.000);
call fixture.add_locality('11111', '02', 1.000, 1.000, 1.120, 1.000);
call fixture.add_locality('22222', '01', 1.000, 1.000, 2.210, 1.000);
call fixture.add_zip('10001', '11111', '01');
call fixture.add_zip('20001', '22222', '01');
call fixture.add_zip('30001', '33333', '01');
call fixture.add_zip('40001', '11111', '02', p_plus_four_required => true);

create procedure pg_temp.add_line(
  p_name text, p_carrier text, p_locality text, p_zip text
)
language sql
as $$
  call fixture.add_line_to_price(
    p_name, '10001', p_carrier => p_carrier, p_locality => p_locality,
    p_service_zip => p_zip
  )
$$;
call pg_temp.add_line('carrier and locality', '11111', '01', null);
call pg_temp.add_line('another locality of the carrier', '11111', '02', null);
call pg_temp.add_line('the same number elsewhere', '22222', '01', null);
call pg_temp.add_line('a ZIP code', null, null, '10001');
call pg_temp.add_line('a ZIP code of nine digits', null, null, '200019999');
call pg_temp.add_line('both, which differ', '11111', '02', '20001');
call pg_temp.add_line('both, and the ZIP code is unknown', '11111', '02', '99999');
call pg_temp.add_line(
  'both, and the ZIP code needs four more digits', '11111', '01', '40001'
);
select results_eq(
  'select name, status, allowed_amount from fixture.prices',
  $$ values
    ('carrier and locality', 'priced', 1.11),
    ('another locality of the carrier', 'priced', 1.12),
    ('the same number elsewhere', 'priced', 2.21),
    ('a ZIP code', 'priced', 1.11),
    ('a ZIP code of nine digits', 'priced', 2.21),
    ('both, which differ', 'priced', 1.12),
    ('both, and the ZIP code is unknown', 'priced', 1.12),
    ('both, and the ZIP code needs four more digits', 'priced', 1.11)
  $$,
  'a named locality goes before that of the ZIP code'
);
select is_empty(
  $$
    select prices.name
    from fixture.prices as prices
    where prices.gpci_release_id is distinct from fixture.release_id('gpci')
  $$,
  'each line names the release of its indices'
);
truncate fixture.lines_to_price;

call pg_temp.add_line('nothing', null, null, null);
call pg_temp.add_line('an unknown ZIP code', null, null, '99999');
call pg_temp.add_line('a ZIP code that needs four more digits', null, null, '40001');
call pg_temp.add_line(
  'those digits, whose file is not loaded', null, null, '400010001'
);
call pg_temp.add_line('a ZIP code of a locality without indices', null, null, '30001');
call pg_temp.add_line(
  'an unknown carrier beside a good ZIP code', '99999', '01', '10001'
);
call pg_temp.add_line(
  'an unknown locality beside a good ZIP code', '11111', '99', '10001'
);
call pg_temp.add_line(
  'a carrier without locality beside a good ZIP code', '11111', null, '10001'
);
call pg_temp.add_line('a locality without carrier', null, '01', null);
select results_eq(
  'select name, status, reason, allowed_amount from fixture.prices',
  $$ values
    ('nothing', 'pended', 'locality_unknown', null::numeric),
    ('an unknown ZIP code', 'pended', 'locality_unknown', null),
    ('a ZIP code that needs four more digits', 'pended', 'zip_plus_four', null),
    ('those digits, whose file is not loaded', 'pended', 'zip_plus_four_unlisted', null),
    ('a ZIP code of a locality without indices', 'pended', 'locality_unknown', null),
    ('an unknown carrier beside a good ZIP code', 'pended', 'locality_unknown', null),
    ('an unknown locality beside a good ZIP code', 'pended', 'locality_unknown', null),
    ('a carrier without locality beside a good ZIP code', 'pended', 'locality_unknown',
      null),
    ('a locality without carrier', 'pended', 'locality_unknown', null)
  $$,
  'without a locality there is no amount, a national one least of all'
);
truncate fixture.lines_to_price;

-- A starter list holds some ZIP codes: that it lacks one says nothing of the code.
call fixture.add_release(
  'zip_locality', 'starter', '2026-01-01', p_is_starter => true
);
call fixture.add_zip('10001', '11111', '01', p_release => 'starter');
call fixture.add_release('rvu', '2026', '2026-01-01');
call fixture.add_procedure('10001', p_release => '2026');
call fixture.add_release('gpci', '2026', '2026-01-01');
call fixture.add_locality('11111', '01', 1, 1, 1, 1, '2026');
call fixture.add_release('place_of_service', '2026', '2026-01-01');
call fixture.add_place_of_service('11', false, '2026');
call fixture.add_line_to_price(
  'in the starter list', '10001', p_carrier => null, p_locality => null,
  p_service_zip => '10001', p_service_date => '2026-07-01'
);
call fixture.add_line_to_price(
  'not in the starter list', '10001', p_carrier => null, p_locality => null,
  p_service_zip => '99999', p_service_date => '2026-07-01'
);
call fixture.add_line_to_price(
  'no ZIP code', '10001', p_carrier => null, p_locality => null,
  p_service_date => '2026-07-01'
);
call fixture.add_line_to_price(
  'an unknown carrier', '10001', p_carrier => '99999', p_service_zip => '99999',
  p_service_date => '2026-07-01'
);
select results_eq(
  'select name, status, reason from fixture.prices',
  $$ values
    ('in the starter list', 'priced', null),
    ('not in the starter list', 'pended', 'zip_list_incomplete'),
    ('no ZIP code', 'pended', 'locality_unknown'),
    ('an unknown carrier', 'pended', 'locality_unknown')
  $$,
  'a list that is not complete is the reason itself'
);

select finish();
rollback;
