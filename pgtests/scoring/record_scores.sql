-- The end of the stage: every claim a score, once, or nothing is kept.
begin;
\ir ../_support/fixture.sql
\ir ../_support/scoring.sql
select plan(12);

call fixture.add_claim('high');
call fixture.add_claim('exactly');
call fixture.add_claim('low');
call fixture.add_claim('failed');
call fixture.add_undecoded('undecoded');
call fixture.add_finding('failed', 'V010');
call fixture.add_batch('empty', p_state => 'validated');
update queue.batches as batch set state = 'validated'
where batch.batch_id = fixture.batch_id();
do $$
begin
  perform validation.fail_claims(
    array[fixture.batch_id()], '{2025-07-16}', array[fixture.claim_id('failed')],
    'validation'
  );
end
$$;

select throws_ok(
  $$ select scoring.record_scores(array[fixture.batch_id()], 0) $$,
  'SC001', null, 'no scores at all'
);
call fixture.score(0.9, 'high');
call fixture.score(0.8, 'exactly');
select throws_ok(
  $$ select scoring.record_scores(array[fixture.batch_id()], 0) $$,
  'SC001', null, 'one claim has none'
);
call fixture.score(0.79999, 'low');
select throws_ok(
  $$ call fixture.score(0.5, 'low') $$, '23505', null, 'a second score for a claim'
);
select throws_ok(
  $$ call fixture.score('nan', 'low') $$, '23514', null, 'a score that is no number'
);

insert into staging.claim_scores
(claim_id, batch_id, received_on, submitter_id, model_id, score, threshold, features)
select
  fixture.claim_id('failed') as claim_id,
  score.batch_id,
  score.received_on,
  score.submitter_id,
  score.model_id,
  score.score,
  score.threshold,
  score.features
from staging.claim_scores as score
limit 1;
select throws_ok(
  $$ select scoring.record_scores(array[fixture.batch_id()], 0) $$,
  'SC001', null, 'a claim that failed has one'
);
delete from staging.claim_scores as score
where score.claim_id = fixture.claim_id('failed');

select results_eq(
  $$
    select named.name, score.decision
    from staging.claim_scores as score
    inner join fixture.claims as named on score.claim_id = named.claim_id
    order by named.name collate "C"
  $$,
  $$ values ('exactly', 'approved'), ('high', 'approved'), ('low', 'review') $$,
  'a score that is exactly the threshold needs no review'
);
select results_eq(
  $$
    select recorded.claims_scored, recorded.claims_below_threshold
    from scoring.record_scores(
      array[fixture.batch_id('empty'), fixture.batch_id()], 1.5
    ) as recorded
    order by recorded.batch_id
  $$,
  $$ values (3, 1), (0, 0) $$,
  'what was scored, by batch; one without claims goes on too'
);
select results_eq(
  $$
    select batch.state, batch.scored_at = now(), batch.score_seconds > 1.5
    from queue.batches as batch
    order by batch.batch_id
  $$,
  $$ values ('scored', true, true), ('scored', true, true) $$,
  'the batches are scored, with the time that it took'
);
select results_eq(
  $$
    select event.batch_ids, event.detail
    from audit.events as event
    where event.action = 'batches.scored'
  $$,
  $$
    values (
      array[fixture.batch_id(), fixture.batch_id('empty')],
      '{"claims": 3, "below_threshold": 1}'::jsonb
    )
  $$,
  'and an audit event says so'
);

select is_empty(
  $$
    select *
    from scoring.record_scores(
      array[fixture.batch_id('empty'), fixture.batch_id()], 1.5
    )
  $$,
  'a second time changes nothing'
);
select is(
  (select count(*) from audit.events as event where event.action = 'batches.scored'),
  1::bigint, 'and writes no second event'
);
select is_empty(
  $$ select * from scoring.take_features(array[fixture.batch_id()]) $$,
  'and nothing is left to score'
);

select finish();
rollback;
