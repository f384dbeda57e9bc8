-- What a reviewer decides is kept beside the claim, and the claim leaves the queue.
begin;
\ir ../_support/fixture.sql
\ir ../_support/scoring.sql
select plan(9);

call fixture.add_claim('low');
call fixture.add_claim('fine');
do $$ begin perform validation.validate_batches(array[fixture.batch_id()]); end $$;
call fixture.score(0.1, 'low');
call fixture.score(0.9, 'fine');
do $$
begin
  perform scoring.record_scores(array[fixture.batch_id()], 0);
  perform transfer.move_batches(array[fixture.batch_id()]);
end
$$;

select results_eq(
  'select approved, by_reviewer from scoring.labelled_claims',
  $$ values (true, false) $$,
  'a claim on review has no label yet'
);
select throws_ok(
  $$
    call scoring.record_review(fixture.claim_id('low'), 'approved', 'too_many_units')
  $$,
  'SC006', null, 'a reason that does not belong to the verdict'
);
select throws_ok(
  $$ call scoring.record_review(fixture.claim_id('low'), 'denied', 'as_billed') $$,
  'SC006', null, 'no such verdict'
);
select throws_ok(
  $$ call scoring.record_review(999999, 'approved', 'as_billed') $$,
  'SC007', null, 'no such claim'
);

set local role claims_reviewer;
select queue.claim_id as waiting
from production.review_queue as queue \gset
call scoring.record_review(:waiting, 'not_approved', 'coded_too_high');
select is_empty('select claim_id from production.review_queue', 'it left the queue');
reset role;
select results_eq(
  $$
    select
      claim_id, verdict, reason_code, reviewer = session_user::text, recorded_at = now()
    from models.review_verdicts
  $$,
  $$
    values (
      fixture.claim_id('low'), 'not_approved', 'coded_too_high', true, true
    )
  $$,
  'who decided what, and why'
);
select results_eq(
  $$
    select event.first_claim_id, event.detail
    from audit.events as event
    where event.action = 'claim.reviewed'
  $$,
  $$
    values (
      fixture.claim_id('low'),
      '{"reason": "coded_too_high", "verdict": "not_approved"}'::jsonb
    )
  $$,
  'an audit event'
);

call scoring.record_review(fixture.claim_id('low'), 'approved', 'as_billed');
call scoring.record_review(fixture.claim_id('fine'), 'not_approved', 'billed_before');
select set_eq(
  'select claim_id, approved, by_reviewer from scoring.labelled_claims',
  $$
    values
    (fixture.claim_id('low'), true, true), (fixture.claim_id('fine'), false, true)
  $$,
  'the last verdict is the label, of approved claims too'
);
select is(
  (select count(*) from models.review_verdicts), 3::bigint, 'and earlier ones are kept'
);

select finish();
rollback;
