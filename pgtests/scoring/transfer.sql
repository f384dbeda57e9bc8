-- What a score makes of a claim: approved, or on review; never denied.
begin;
\ir ../_support/fixture.sql
\ir ../_support/scoring.sql
select plan(12);

update queue.settings set scoring_required = true;
call fixture.add_claim('approved');
call fixture.add_claim('low');
call fixture.add_claim('pended', p_service_zip => '99999');
call fixture.add_claim('pended and low', p_service_zip => '99999');
do $$ begin perform validation.validate_batches(array[fixture.batch_id()]); end $$;

select results_eq(
  'select state, claims_waiting_for_scores from pipeline.status',
  $$ values ('validated', 4::bigint) $$,
  'the status says how many wait for scores'
);
select is_empty(
  $$ select * from transfer.move_batches(array[fixture.batch_id()]) $$,
  'nothing is transferred without a score where one is required'
);

call fixture.score(0.95, 'approved');
call fixture.score(0.2, 'low');
call fixture.score(0.95, 'pended');
call fixture.score(0.2, 'pended and low');
do $$ begin perform scoring.record_scores(array[fixture.batch_id()], 0); end $$;
select is(
  (select sum(claims_waiting_for_scores) from pipeline.status), 0::numeric,
  'nothing waits for scores'
);
select results_eq(
  $$
    select claims_moved, claims_pended
    from transfer.move_batches(array[fixture.batch_id()])
  $$,
  $$ values (4, 2) $$,
  'pended counts claims with a line that waits for a person, as before'
);
select results_eq(
  'select transferred, pended, below_threshold, difference from pipeline.accounting',
  $$ values (4::bigint, 2::bigint, 1::bigint, 0::bigint) $$,
  'those that wait because of their score alone are counted apart'
);
select results_eq(
  $$
    select named.name, claim.decision
    from production.claims as claim
    inner join fixture.claims as named on claim.claim_id = named.claim_id
    order by named.name collate "C"
  $$,
  $$
    values
    ('approved', 'approved'), ('low', 'review'), ('pended', 'review'),
    ('pended and low', 'review')
  $$,
  'a low score sends to review'
);
select results_eq(
  $$
    select named.name, queue.reasons
    from production.review_queue as queue
    inner join fixture.claims as named on queue.claim_id = named.claim_id
    order by named.name collate "C"
  $$,
  $$
    values
    ('low', '{score}'::text[]), ('pended', '{pended_lines}'),
    ('pended and low', '{score,pended_lines}')
  $$,
  'the queue says why'
);
select set_eq(
  $$
    select claim_id, submitter_id, model_id, score, threshold, decision, features
    from production.claim_scores
  $$,
  $$
    select claim_id, submitter_id, model_id, score, threshold, decision, features
    from staging.claim_scores
  $$,
  'scores and vectors go to production as they are'
);
set local role claims_analyst;
create temporary table read on commit drop as
select
  score.claim_id,
  score.score,
  score.decision,
  score.model_version
from analysis.claim_scores as score;
reset role;
select set_eq(
  'select * from read',
  $$
    select claim_id, score, decision, 'model'
    from production.claim_scores
  $$,
  'analysts read the scores, and of which model they are'
);
select is_empty(
  $$ select * from production.claim_lines where pricing_status = 'denied' $$,
  'no score denies a line'
);

call fixture.add_batch('unscored', p_state => 'validated');
call fixture.add_claim('unscored', p_batch => 'unscored');
update queue.settings set scoring_required = false;
select results_eq(
  $$
    select claims_moved
    from transfer.move_batches(array[fixture.batch_id('unscored')])
  $$,
  'values (1)',
  'without scoring a validated batch is transferred'
);
select is(
  (
    select claim.decision
    from production.claims as claim
    where claim.claim_id = fixture.claim_id('unscored')
  ),
  'approved', 'and no score sends it anywhere'
);

select finish();
rollback;
