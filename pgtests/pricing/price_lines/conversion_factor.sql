-- The conversion factor comes with the release: by date, even within a quarter, and
-- by QPP status where two are published.
begin;
\ir ../../_support/pricing.sql
select plan(3);

-- One relative value of work: the amount is the factor.
update reference.geographic_indices set work_gpci_floored = 1.000;
create procedure pg_temp.add_row(p_release text, p_factor numeric)
language sql
as $$
  call fixture.add_procedure(
    '10001', p_release => p_release, p_work_rvu => 10, p_non_facility_pe_rvu => 0,
    p_malpractice_rvu => 0, p_conversion_factor => p_factor
  )
$$;
call pg_temp.add_row('standard', 32.3465);
call fixture.add_release('rvu', 'by law from March 9', '2025-03-09', '2025-06-30');
call pg_temp.add_row('by law from March 9', 33.2875);
call fixture.add_release('rvu', 'all others', '2025-07-01', '2025-12-31', 'non_qpp');
call pg_temp.add_row('all others', 33.4009);
call fixture.add_release('rvu', 'participants', '2025-07-01', '2025-12-31', 'qpp');
call pg_temp.add_row('participants', 33.5675);

call fixture.add_line_to_price('March 8', '10001', p_service_date => '2025-03-08');
call fixture.add_line_to_price('March 9', '10001', p_service_date => '2025-03-09');
call fixture.add_line_to_price('June 30', '10001', p_service_date => '2025-06-30');
call fixture.add_line_to_price('July 1', '10001', p_service_date => '2025-07-01');

select results_eq(
  'select name, allowed_amount, step_factors from fixture.prices',
  $$ values
    ('March 8', 323.47, '{32.3465}'::numeric[]),
    ('March 9', 332.88, '{33.2875}'),
    ('June 30', 332.88, '{33.2875}'),
    ('July 1', 334.01, '{33.4009}')
  $$,
  'the factor is that of the date of service'
);

update queue.settings set qpp_status = 'qpp';
select results_eq(
  'select name, allowed_amount, step_factors from fixture.prices',
  $$ values
    ('March 8', 323.47, '{32.3465}'::numeric[]),
    ('March 9', 332.88, '{33.2875}'),
    ('June 30', 332.88, '{33.2875}'),
    ('July 1', 335.68, '{33.5675}')
  $$,
  'and of the QPP status of this database, where there are two'
);

select results_eq(
  $$
    select prices.rvu_release_id
    from fixture.prices as prices
    where prices.name = 'July 1'
  $$,
  $$ values (fixture.release_id('rvu', 'participants')) $$,
  'the line names the release with the factor'
);

select finish();
rollback;
