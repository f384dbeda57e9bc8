-- A claim of which nothing is payable is denied, by whatever rule, and counted so.
begin;
\ir ../../_support/fixture.sql
\ir ../../_support/scoring.sql
select plan(6);

call fixture.add_procedure('1000B', p_status_code => 'B');
call fixture.add_procedure('1000N', p_status_code => 'N');
call fixture.add_claim('late');
call fixture.add_finding('late', 'V015', 1);
call fixture.add_claim('not covered', p_hcpcs => '1000N');
call fixture.add_claim('bundled', p_hcpcs => '1000B');
call fixture.add_claim('each by another', p_hcpcs => '1000N');
call fixture.add_line('each by another');
call fixture.add_finding('each by another', 'V015', 2);
call fixture.add_claim('one line paid', p_hcpcs => '1000N');
call fixture.add_line('one line paid');
update queue.batches set state = 'validated';
call fixture.score(0.9);
update staging.claim_scores set score = 0.1
where claim_id = fixture.claim_id('late');
do $$
begin
  perform scoring.record_scores(array[fixture.batch_id()], 0);
  perform pipeline.run_stage('transfer', array[fixture.batch_id()]);
end
$$;

select results_eq(
  $$
    select named.name, claim.decision, claim.allowed_amount,
      claim.denied_line_count::integer
    from production.claims as claim
    inner join fixture.claims as named on claim.claim_id = named.claim_id
    order by claim.claim_id
  $$,
  $$ values
    ('late', 'denied', 0.00, 1),
    ('not covered', 'denied', 0.00, 0),
    ('bundled', 'denied', 0.00, 0),
    ('each by another', 'denied', 0.00, 1),
    ('one line paid', 'approved', 81.86, 0)
  $$,
  'denied is a claim of which no line is payable'
);
select is_empty(
  'select * from production.review_queue', 'and nobody is asked about it, whatever its score'
);
select results_eq(
  $$
    select accounting.transferred, accounting.pended, accounting.below_threshold,
      accounting.denied, accounting.difference
    from pipeline.accounting
  $$,
  $$ values (5::bigint, 0::bigint, 0::bigint, 4::bigint, 0::bigint) $$,
  'the accounting counts it'
);
select results_eq(
  $$
    select status.claims_denied from pipeline.status as status
    where status.state = 'transferred'
  $$,
  $$ values (4::bigint) $$,
  'so does the status'
);
select results_eq(
  $$
    select event.detail -> 'denied'
    from audit.events as event
    where event.action = 'batches.transferred'
  $$,
  $$ values ('4'::jsonb) $$,
  'and the trail'
);
select results_eq(
  $$
    select named.name, labelled.approved, labelled.by_reviewer
    from scoring.labelled_claims as labelled
    inner join fixture.claims as named on labelled.claim_id = named.claim_id
    order by labelled.claim_id
  $$,
  $$ values
    ('late', false, false), ('not covered', false, false), ('bundled', false, false),
    ('each by another', false, false), ('one line paid', true, false)
  $$,
  'a model learns that it was not approved as billed'
);

select finish();
rollback;
