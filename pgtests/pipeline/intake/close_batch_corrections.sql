-- A corrected claim takes the place of a failed one, in the transaction that loads it.
begin;
\ir ../../_support/fixture.sql
select plan(11);

call maintenance.add_submitter('clinic');
call fixture.add_batch('first');
call fixture.add_claim('wrong', p_batch => 'first', p_claim_number => 'A', p_units => 0);
call fixture.add_undecoded('no claim', p_batch => 'first');
call fixture.add_batch('theirs', p_submitter => 'clinic');
call fixture.add_claim('theirs', p_batch => 'theirs', p_units => 0);
select pipeline.run_stage('validation', array(select batch_id from queue.batches));

create procedure pg_temp.correct(p_batch text, variadic p_replaced text[])
language plpgsql
as $$
declare
  v_replaced text;
begin
  call fixture.add_batch(p_batch);
  foreach v_replaced in array p_replaced loop
    call fixture.add_claim(
      p_batch || ' ' || v_replaced || ' ' || random(), p_batch => p_batch,
      p_claim_number => 'A ' || v_replaced
    );
    update staging.claims set replaces_claim_id = fixture.claim_id(v_replaced)
    where claim_id = (select max(claim_id) from staging.claims);
  end loop;
  perform pipeline.close_batch(fixture.batch_id(p_batch));
end;
$$;

select lives_ok(
  $$ call pg_temp.correct('corrected', 'wrong', 'no claim') $$, 'two claims are corrected'
);
select results_eq(
  $$
    select failed.claim_id, failed.resolution, failed.replaced_by_claim_id,
      failed.resolved_at is not null
    from staging.failed_claims as failed
    where failed.batch_id = fixture.batch_id('first')
    order by failed.claim_id
  $$,
  $$
    select claim.replaces_claim_id, 'superseded', claim.claim_id, true
    from staging.claims as claim
    where claim.batch_id = fixture.batch_id('corrected')
    order by claim.replaces_claim_id
  $$,
  'each is linked to the claim that took its place'
);
select results_eq(
  'select loaded, in_progress, transferred, failed, superseded, difference from pipeline.accounting',
  $$ values (5::bigint, 2::bigint, 0::bigint, 1::bigint, 2::bigint, 0::bigint) $$,
  'both are counted, the old as superseded'
);
select pipeline.run_stage('validation', array(select batch_id from queue.batches));
select pipeline.run_stage('transfer', array(select batch_id from queue.batches));
select results_eq(
  'select loaded, in_progress, transferred, failed, superseded, difference from pipeline.accounting',
  $$ values (5::bigint, 0::bigint, 2::bigint, 1::bigint, 2::bigint, 0::bigint) $$,
  '... and the new as transferred'
);
select results_eq(
  $$
    select claim.replaces_claim_id
    from production.claims as claim
    order by claim.claim_id
  $$,
  $$ select fixture.claim_id('wrong') union all select fixture.claim_id('no claim') $$,
  'production says what each replaced'
);
select isnt_empty(
  $$
    select from audit.events as event
    where event.action = 'claims.corrected'
      and event.detail -> 'replaced' @> to_jsonb(fixture.claim_id('wrong'))
  $$,
  '... and so does the audit trail'
);
select throws_ok(
  $$ call pg_temp.correct('again', 'wrong') $$, 'PL010', null,
  'PL010: what is superseded cannot be corrected again'
);
select throws_ok(
  $$ call pg_temp.correct('of theirs', 'theirs') $$, 'PL009', null,
  'PL009: another submitter''s claim is not there'
);
select throws_ok(
  $$ select pipeline.retry_failed_claims('default', array[fixture.claim_id('wrong')]) $$,
  'PL010', null,
  'PL010: what is superseded cannot be retried'
);
call fixture.add_batch('second');
call fixture.add_claim('wrong too', p_batch => 'second', p_units => 0);
select pipeline.run_stage('validation', array[fixture.batch_id('second')]);
select throws_ok(
  $$ call pg_temp.correct('twice', 'wrong too', 'wrong too') $$, 'PL010', null,
  'PL010: one failed claim has one correction'
);
select is(
  (
    select failed.resolution
    from staging.failed_claims as failed
    where failed.claim_id = fixture.claim_id('wrong too')
  ),
  'open',
  'a correction that was refused has changed nothing'
);

select finish();
rollback;
