-- One event for each submitter and stage call, however many claims.
begin;
\ir ../_support/fixture.sql
select plan(3);

call fixture.add_batch('second');
call fixture.add_claim('one');
call fixture.add_claim('two');
call fixture.add_claim('three', p_batch => 'second');
create temporary table before as select max(event.event_id) as event_id from audit.events as event;

do $$
declare
  v_batch_ids bigint[] := array[fixture.batch_id('batch'), fixture.batch_id('second')];
begin
  perform validation.validate_batches(v_batch_ids);
  perform transfer.move_batches(v_batch_ids);
end;
$$;

select results_eq(
  $$
    select
      event.action,
      event.batch_ids,
      event.first_claim_id <= fixture.claim_id('one')
      and event.last_claim_id >= fixture.claim_id('three'),
      event.detail -> 'claims'
    from audit.events as event
    where event.event_id > (select before.event_id from before)
    order by event.event_id
  $$,
  $$ values
    (
      'batches.validated',
      array[fixture.batch_id('batch'), fixture.batch_id('second')], true, '3'::jsonb
    ),
    (
      'batches.transferred',
      array[fixture.batch_id('batch'), fixture.batch_id('second')], true, '3'::jsonb
    )
  $$,
  'a stage of two batches leaves one event with both and the range of their claims'
);

-- Found again by a claim; batches whose id ranges have gaps are told apart by rows.
select set_has(
  $$
    select event.action
    from auditing.find_events_of_claims(array[fixture.claim_id('three')]) as concerned
    inner join audit.events as event on concerned.event_id = event.event_id
  $$,
  $$ values ('batches.validated'), ('batches.transferred') $$,
  'the events of a claim are found by its id'
);
select is(
  auditing.find_patient_of_claim(fixture.claim_id('one')),
  'patient token'::bytea,
  'the patient of a claim is found'
);

select finish();
rollback;
