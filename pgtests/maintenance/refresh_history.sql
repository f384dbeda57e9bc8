-- The history counts each batch and each verdict once.
begin;
\ir ../_support/fixture.sql
\ir ../_support/scoring.sql
select plan(11);

call fixture.add_claim('approved', p_charge => 100, p_units => 2);
call fixture.add_claim('low', p_charge => 50);
call fixture.add_claim('denied', p_charge => 50);
call fixture.add_finding('denied', 'V015', 1);
update queue.batches set state = 'validated';
call fixture.score(0.9, 'approved');
call fixture.score(0.1, 'low');
call fixture.score(0.9, 'denied');
do $$
begin
  perform scoring.record_scores(array[fixture.batch_id()], 0);
  perform transfer.move_batches(array[fixture.batch_id()]);
end
$$;

select is(maintenance.refresh_history(), 3::bigint, 'three claims are new');
select results_eq(
  'select billing_npi, claims, adjudicated, approved from models.provider_history',
  $$ values ('1234567893', 3::bigint, 2::bigint, 1::bigint) $$,
  'a claim on review has no outcome, one with a denied line was not approved as billed'
);
select results_eq(
  $$
    select hcpcs, lines, units, adjudicated, approved, round(usual_charge::numeric, 2),
      round(usual_units::numeric, 4)
    from models.procedure_history
  $$,
  $$ values ('99213', 3::bigint, 4::numeric, 2::bigint, 1::bigint, 50.00, 1.3333) $$,
  'the codes, with the usual units and charge for one'
);
select is(maintenance.refresh_history(), 0::bigint, 'nothing is counted twice');
select results_eq(
  'select claims, adjudicated, approved from models.provider_history',
  $$ values (3::bigint, 2::bigint, 1::bigint) $$,
  'and nothing changed'
);

call scoring.record_review(fixture.claim_id('low'), 'approved', 'as_billed');
select is(maintenance.refresh_history(), 1::bigint, 'a verdict is news');
select results_eq(
  'select claims, adjudicated, approved from models.provider_history',
  $$ values (3::bigint, 3::bigint, 2::bigint) $$,
  'it is the outcome of the claim'
);

call scoring.record_review(fixture.claim_id('low'), 'not_approved', 'too_many_units');
call scoring.record_review(
  fixture.claim_id('approved'), 'not_approved', 'billed_before'
);
select is(maintenance.refresh_history(), 2::bigint, 'later verdicts');
select results_eq(
  'select claims, adjudicated, approved from models.provider_history',
  $$ values (3::bigint, 3::bigint, 0::bigint) $$,
  'take the place of what held before'
);
select results_eq(
  'select lines, units, adjudicated, approved from models.procedure_history',
  $$ values (3::bigint, 4::numeric, 3::bigint, 0::bigint) $$,
  'for the codes too'
);
select is_empty(
  $$
    select verdict.verdict_id from models.review_verdicts as verdict
    where not verdict.in_history
  $$,
  'all is counted'
);

select finish();
rollback;
