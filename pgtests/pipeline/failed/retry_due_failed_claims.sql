-- A claim goes back on its way when a release that could let it pass is in force on
-- the date of one of its lines, and was not when it failed.
begin;
\ir ../../_support/fixture.sql
select plan(10);

call fixture.add_claim('code', p_hcpcs => '00000');
call fixture.add_claim('code and units', p_hcpcs => '00000', p_units => 0);
call fixture.add_claim('units', p_units => 0);
select pipeline.run_stage('validation', array[fixture.batch_id('batch')]);

select is(pipeline.retry_due_failed_claims(), 0, 'nothing new has come');

call fixture.add_release('rvu', 'next year', '2026-01-01');
call fixture.add_procedure('00000', p_release => 'next year');
select is(
  pipeline.retry_due_failed_claims(), 0, 'a release for other dates is none for the claim'
);
call fixture.add_release('icd10cm', 'codes', '2025-02-01', '2025-12-31');
call fixture.add_diagnosis('E119', 'codes');
call fixture.add_diagnosis('I10', 'codes');
select is(
  pipeline.retry_due_failed_claims(), 0, '... nor is one of another kind than its rule''s'
);

call fixture.add_release('rvu', 'summer', '2025-06-01', '2025-12-31');
call fixture.add_procedure('99213', p_release => 'summer');
select is(pipeline.retry_due_failed_claims(), 1, 'a release in force on its date is');
select results_eq(
  $$
    select named.name
    from staging.failed_claims as failed
    inner join fixture.claims as named on failed.claim_id = named.claim_id
    where failed.resolution = 'retried'
  $$,
  $$ values ('code') $$,
  '... for the claim that no other rule rejects'
);
select pipeline.run_stage('validation', array(select batch_id from queue.batches));
select results_eq(
  $$
    select failed.resolution, failed.next_retry_at
    from staging.failed_claims as failed
    where failed.claim_id = fixture.claim_id('code')
  $$,
  $$ values ('open', now() + interval '1 minute') $$,
  'the release has not the code: it fails again, and waits a minute'
);
select is(pipeline.retry_due_failed_claims(), 0, '... and for another release');

call fixture.add_release('rvu', 'corrected', '2025-06-15', '2025-12-31');
call fixture.add_procedure('00000', p_release => 'corrected');
select is(pipeline.retry_due_failed_claims(), 0, 'within the minute it is not tried');
call fixture.move_clock('61 seconds');
select is(pipeline.retry_due_failed_claims(), 1, '... and then it is');
select pipeline.run_stage('validation', array(select batch_id from queue.batches));
select pipeline.run_stage('transfer', array(select batch_id from queue.batches));
select results_eq(
  'select loaded, in_progress, transferred, failed, difference from pipeline.accounting',
  $$ values (3::bigint, 0::bigint, 1::bigint, 2::bigint, 0::bigint) $$,
  '... and goes through'
);

select finish();
rollback;
