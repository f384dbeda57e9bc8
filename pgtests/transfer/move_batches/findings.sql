-- The findings of a claim go to production with it; what failed stays behind with its
-- own.
begin;
\ir ../../_support/fixture.sql
select plan(5);

call fixture.add_undecoded('not decoded');
call fixture.add_claim('rejected', p_patient_sex => 'X');
call fixture.add_claim('with a duplicate line');
call fixture.add_line('with a duplicate line');
call fixture.add_claim('filed late', p_service_date => '2024-06-01');
call fixture.add_claim('without a finding');
call fixture.process('batch');

select results_eq(
  $$
    select
      named.name, finding.service_month, finding.line_number::integer,
      finding.submitter_id, finding.rule_code, finding.disposition, finding.field,
      finding.value
    from production.claim_findings as finding
    inner join fixture.claims as named on finding.claim_id = named.claim_id
    order by finding.claim_id, finding.rule_code, finding.field
  $$,
  $$ values
    ('with a duplicate line', date '2025-07-01', 2, 1, 'V041', 'deny_line', 'hcpcs',
      '99213 on 2025-07-01 repeats line 1'),
    ('filed late', '2024-06-01', 1, 1, 'V015', 'deny_line', 'date_of_service',
      '2024-06-01'),
    ('filed late', '2024-06-01', 0, 1, 'V026', 'warn', 'diagnoses', '2024-06-01'),
    ('filed late', '2024-06-01', 1, 1, 'V026', 'warn', 'hcpcs', '2024-06-01'),
    ('filed late', '2024-06-01', 1, 1, 'V026', 'warn', 'place_of_service', '2024-06-01')
  $$,
  'findings stand beside their claims'
);
select results_eq(
  $$
    select named.name
    from production.claims as claim
    inner join fixture.claims as named on claim.claim_id = named.claim_id
    order by claim.claim_id
  $$,
  array['with a duplicate line', 'filed late', 'without a finding'],
  'what failed stays behind'
);
-- So that it can be sent again, corrected.
select set_eq(
  $$
    select named.name
    from queue.claim_registry as registry
    inner join fixture.claims as named on registry.claim_id = named.claim_id
  $$,
  array['with a duplicate line', 'filed late', 'without a finding'],
  'and takes no business key'
);
select results_eq(
  $$
    select named.name, failed.stage, failed.resolution, failed.rule_codes
    from staging.failed_claims as failed
    inner join fixture.claims as named on failed.claim_id = named.claim_id
    order by failed.claim_id
  $$,
  $$ values
    ('not decoded', 'decode', 'open', '{D000}'::text[]),
    ('rejected', 'validation', 'open', '{V006}')
  $$,
  'as a failed claim'
);
select results_eq(
  $$
    select batch.claim_count, batch.claims_moved, batch.claims_failed
    from queue.batches as batch
  $$,
  $$ values (5, 3, 2) $$,
  'and the batch counts both'
);

select finish();
rollback;
