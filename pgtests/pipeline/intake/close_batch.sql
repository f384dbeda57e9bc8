-- The last word on a batch: what was copied is what was announced, or nothing of it is
-- kept.
begin;
\ir ../../_support/intake.sql
select plan(14);

-- Good batches.
call fixture.open_batch(
  'good', p_claim_count => 3, p_staged_count => 2, p_line_count => 5
);
call fixture.copy_claim('good', 0, 2);
call fixture.copy_undecoded('good', 1);
call fixture.copy_claim('good', 2, 3);
select lives_ok(
  $$ select pipeline.close_batch(fixture.batch_id('good')) $$,
  'a batch that is as announced is closed'
);
select results_eq(
  $$
    select
      event.action, event.submitter_id, event.batch_ids, event.first_claim_id,
      event.last_claim_id, event.detail, event.transaction_id = pg_current_xact_id()
    from audit.events as event
    where event.action = 'batch.received'
  $$,
  $$
    select
      'batch.received', batch.submitter_id, array[batch.batch_id], batch.first_claim_id,
      batch.last_claim_id, '{"claims": 3, "lines": 5, "not_decoded": 1}'::jsonb, true
    from queue.batches as batch
    where batch.idempotency_key = 'good'
  $$,
  'with an audit event in its transaction'
);
call fixture.open_batch(
  'nothing', p_claim_count => 0, p_staged_count => 0, p_line_count => 0
);
select lives_ok(
  $$ select pipeline.close_batch(fixture.batch_id('nothing')) $$,
  'a batch of nothing is closed, too'
);

-- Batches that are not open.
select throws_ok(
  'select pipeline.close_batch(-1)', 'PL002', 'batch -1 is not open',
  'PL002: the batch was opened'
);
select throws_ok(
  $$
    update queue.batches set state = 'validated' where idempotency_key = 'good';
    select pipeline.close_batch(fixture.batch_id('good'))
  $$,
  'PL002', null,
  'PL002: the batch is not in the hands of a stage'
);
select is(
  fixture.hint_of('select pipeline.close_batch(-1)'),
  'Call pipeline.open_batch first, in the same transaction.',
  'PL002 says what to do'
);

-- Batches that are not what was announced: two claims, of which one is decoded, with
-- two lines.
create function pg_temp.closes(p_copy text, p_description text)
returns text
language plpgsql
as $$
begin
  return throws_ok(
    format(
      $statement$
        call fixture.open_batch('bad', 'default', 2, 1, 2);
        %s
        select pipeline.close_batch(fixture.batch_id('bad'))
      $statement$,
      p_copy
    ),
    'PL003', null, 'PL003: ' || p_description
  );
end;
$$;
select pg_temp.closes('', 'claims are there');
select pg_temp.closes(
  $$ call fixture.copy_claim('bad', 0, 2); $$, 'failed claims are there'
);
select pg_temp.closes(
  $$
    call fixture.copy_claim('bad', 0, 1);
    call fixture.copy_claim('bad', 1, 1);
    call fixture.copy_undecoded('bad', 1);
  $$,
  'there are not more claims'
);
select pg_temp.closes(
  $$ call fixture.copy_claim('bad', 0, 3); call fixture.copy_undecoded('bad', 1); $$,
  'there are not more lines'
);
select pg_temp.closes(
  $$ call fixture.copy_claim('bad', 0, 1, 2); call fixture.copy_undecoded('bad', 1); $$,
  'the lines are there that the claims count'
);
select pg_temp.closes(
  $$ call fixture.copy_claim('bad', 1000, 2); call fixture.copy_undecoded('bad', 1); $$,
  'claim ids are those of the batch'
);
select pg_temp.closes(
  $$
    call fixture.copy_claim(
      'bad', 0, 2, p_received_on => (now() at time zone 'UTC')::date + 1
    );
    call fixture.copy_undecoded('bad', 1);
  $$,
  'claims stand in the day of the batch'
);

call fixture.open_batch('bad', p_claim_count => 2, p_line_count => 2);
call fixture.copy_claim('bad', 0, 1);
select throws_ok(
  $$ select pipeline.close_batch(fixture.batch_id('bad')) $$,
  'PL003',
  format(
    'batch %s was announced with 2 claims and 2 lines, but 1 claims, 1 lines and 0 failed claims were copied',
    fixture.batch_id('bad')
  ),
  'PL003 says what was announced and what was copied'
);

select finish();
rollback;
