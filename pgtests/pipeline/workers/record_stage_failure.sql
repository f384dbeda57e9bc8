-- Failed attempts: counted, spaced out, and at last a person's.
begin;
\ir ../../_support/fixture.sql
select plan(14);

call fixture.add_claim('claim');
call fixture.add_batch('theirs');

create function pg_temp.fail(p_code text, p_message text, p_worker text default 'one')
returns integer
language plpgsql
as $$
begin
  update queue.batches set leased_by = 'one', leased_until = now() + interval '1 minute'
  where batch_id = fixture.batch_id('batch');
  return pipeline.record_stage_failure(
    p_worker, array[fixture.batch_id('batch'), fixture.batch_id('theirs')],
    'validation', p_code, p_message, 3
  );
end;
$$;
create view pg_temp.found as
select
  batch.state, batch.attempts, batch.last_sqlstate, batch.last_error, batch.leased_by,
  extract(epoch from batch.next_attempt_at - clock_timestamp()) as seconds
from queue.batches as batch
where batch.batch_id = fixture.batch_id('batch');

select is(pg_temp.fail('40001', 'the row (Smith, 1950)', 'two'), 0, 'not two''s lease');
select is(
  (select attempts from pg_temp.found), 0::smallint, 'only who has the lease can fail it'
);
select is(pg_temp.fail('40001', 'the row (Smith, 1950)'), 0, 'an attempt fails');
select results_eq(
  'select state, attempts, last_sqlstate, last_error, leased_by from pg_temp.found',
  $$ values ('received', 1::smallint, '40001', null::text, null::text) $$,
  '... it is counted, without the words of PostgreSQL'
);
select ok((select seconds from pg_temp.found) between 0.3 and 1, '... up to a second off');
select is(
  pipeline._take_batches('validation', 100), array[fixture.batch_id('theirs')],
  '... before which nobody takes it'
);
select is(
  (select attempts from queue.batches where batch_id = fixture.batch_id('theirs')),
  0::smallint, 'what the worker has not leased is not touched'
);
select is(pg_temp.fail('VL001', 'words of ours'), 0, 'a second attempt fails');
select results_eq(
  'select attempts, last_sqlstate, last_error, seconds between 0.8 and 2 from pg_temp.found',
  $$ values (2::smallint, 'VL001', 'words of ours', true) $$,
  '... the wait doubles, and words of ours are kept'
);
select is(pg_temp.fail('SCORING_MODEL', 'no model'), 1, 'the third makes it failed');
select results_eq(
  'select state, attempts, last_sqlstate, last_error, seconds from pg_temp.found',
  $$ values ('failed', 3::smallint, 'SCORING_MODEL', 'no model', null::numeric) $$,
  '... with a code of the program and its words'
);
select results_eq(
  $$
    select event.action, event.detail ->> 'code', event.detail ->> 'attempts'
    from audit.events as event
    where event.action in ('batches.attempt_failed', 'batches.failed')
    order by event.event_id
  $$,
  $$ values
    ('batches.attempt_failed', '40001', '1'),
    ('batches.attempt_failed', 'VL001', '2'),
    ('batches.failed', 'SCORING_MODEL', '3')
  $$,
  'the audit trail has each'
);
select results_eq(
  $$
    select state.state
    from pipeline.claim_states as state
    where state.claim_id = fixture.claim_id('claim')
  $$,
  $$ values ('batch_failed') $$,
  'its claims say so'
);
select results_eq(
  'select loaded, in_progress, failed, difference from pipeline.accounting',
  $$ values (1::bigint, 1::bigint, 0::bigint, 0::bigint) $$,
  '... and are in progress still'
);

select finish();
rollback;
