-- A claim stands in the month of its earliest date of service, and all that belongs to
-- it stands there too.
begin;
\ir ../../_support/fixture.sql
select plan(4);

call fixture.add_claim('in July', p_service_date => '2025-07-10');
call fixture.add_claim('the last of June', p_service_date => '2025-06-30');
call fixture.add_claim('from July back to May', p_service_date => '2025-07-10');
call fixture.add_line(
  'from July back to May', p_service_date => '2025-05-31', p_hcpcs => '71046'
);
call fixture.add_line(
  'from July back to May', p_service_date => '2025-05-31', p_hcpcs => '71046'
);
call fixture.process('batch');

select results_eq(
  $$
    select named.name, claim.service_month, claim.tableoid::regclass::text
    from production.claims as claim
    inner join fixture.claims as named on claim.claim_id = named.claim_id
    order by claim.claim_id
  $$,
  $$ values
    ('in July', date '2025-07-01', 'production.claims_202507'),
    ('the last of June', '2025-06-01', 'production.claims_202506'),
    ('from July back to May', '2025-05-01', 'production.claims_202505')
  $$,
  'claims stand by their earliest date of service'
);
select results_eq(
  $$
    select
      named.name, line.line_number::integer, line.service_date, line.service_month,
      line.tableoid::regclass::text
    from production.claim_lines as line
    inner join fixture.claims as named on line.claim_id = named.claim_id
    order by line.claim_id, line.line_number
  $$,
  $$ values
    ('in July', 1, date '2025-07-10', date '2025-07-01',
      'production.claim_lines_202507'),
    ('the last of June', 1, '2025-06-30', '2025-06-01',
      'production.claim_lines_202506'),
    ('from July back to May', 1, '2025-07-10', '2025-05-01',
      'production.claim_lines_202505'),
    ('from July back to May', 2, '2025-05-31', '2025-05-01',
      'production.claim_lines_202505'),
    ('from July back to May', 3, '2025-05-31', '2025-05-01',
      'production.claim_lines_202505')
  $$,
  'lines stand with their claim, and keep their own date'
);
select results_eq(
  $$
    select finding.service_month, finding.rule_code, finding.tableoid::regclass::text
    from production.claim_findings as finding
  $$,
  $$ values (date '2025-05-01', 'V041', 'production.claim_findings_202505') $$,
  'findings stand with their claim'
);
select is_empty(
  $$
    select claim.claim_id
    from production.claims as claim
    left join queue.claim_registry as registry
      on
        claim.claim_id = registry.claim_id
        and claim.service_month = registry.service_month
    where registry.claim_id is null
  $$,
  'and the registry knows where'
);

select finish();
rollback;
