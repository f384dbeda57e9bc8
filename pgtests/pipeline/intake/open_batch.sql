begin;
\ir ../../_support/intake.sql
select plan(11);

select results_eq(
  $$
    select opened.submitter_id, opened.received_on, opened.received_at
    from pipeline.open_batch(
      1001, 'default', 'a',
      (select data_key.data_key_id from vault.data_keys as data_key),
      5, 3, 7, 2000, 2004
    ) as opened
  $$,
  $$
    select submitter.submitter_id, (now() at time zone 'UTC')::date, now()
    from queue.submitters as submitter
    where submitter.name = 'default'
  $$,
  'it answers with what the rows of the batch carry'
);
select results_eq(
  $$
    select
      batch.submitter_id, batch.idempotency_key, batch.state, batch.claim_count,
      batch.staged_count, batch.line_count, batch.first_claim_id, batch.last_claim_id,
      batch.claims_failed, batch.received_at, batch.claims_moved
    from queue.batches as batch
    where batch.batch_id = 1001
  $$,
  $$ values (
    1, 'a', 'received', 5, 3, 7, 2000::bigint, 2004::bigint, 2, now(), null::integer
  ) $$,
  'the batch stands as announced; what was not decoded has failed already'
);

select throws_ok(
  $$ call fixture.open_batch('b', 'nobody') $$,
  'PL001',
  'the submitter ''nobody'' does not exist',
  'PL001: the submitter exists'
);
select throws_ok(
  $$ call fixture.open_batch('a') $$,
  '23505', null,
  'the same idempotency key is refused'
);
call maintenance.add_submitter('other');
select lives_ok(
  $$ call fixture.open_batch('a', 'other') $$,
  'another submitter may use it'
);

select throws_ok(
  $$ call fixture.open_batch('c', p_claim_count => 1, p_staged_count => 2) $$,
  '23514', null,
  'no more is staged than was sent'
);

-- The first batch of a day that nobody prepared.
do $$
begin
  execute format(
    'drop table staging.claims_%1$s, staging.claim_lines_%1$s, staging.claim_findings_%1$s',
    to_char(now() at time zone 'UTC', 'YYYYMMDD')
  );
end;
$$;
select lives_ok(
  $$ call fixture.open_batch('d') $$, 'a day without partitions gets them'
);
select lives_ok(
  $$ call fixture.copy_claim('d') $$, 'and the rows of the batch find their place'
);

select results_eq(
  $$
    select opened.received_on, opened.received_at
    from pipeline.open_batch(
      1002, 'default', 'backlog',
      (
        select data_key.data_key_id
        from vault.data_keys as data_key
        where data_key.purpose = 'phi'
      ),
      1, 1, 1, 3000, 3000, false, '2026-01-02 12:00 UTC'
    ) as opened
  $$,
  $$ values ((now() at time zone 'UTC')::date, '2026-01-02 12:00 UTC'::timestamptz) $$,
  'claims of a backlog keep the time at which they came in, in the partition of this day'
);
select throws_ok(
  $$
    select from pipeline.open_batch(
      1003, 'default', 'to come', 1, 1, 1, 1, 4000, 4000, false, 'infinity'
    )
  $$,
  'PL015',
  'claims cannot be received at infinity, which is to come',
  'PL015: nothing was received in the future'
);

select is(
  fixture.hint_of($$ call fixture.open_batch('b', 'nobody') $$),
  'Set CLAIMS_SUBMITTER to one that does, or add it: call maintenance.add_submitter(''name'').',
  'the error says what to do'
);

select finish();
rollback;
