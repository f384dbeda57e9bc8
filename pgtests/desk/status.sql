begin;
\ir ../_support/fixture.sql
select plan(2);

truncate queue.batches cascade;
select is_empty(
  'select * from pipeline.status', 'without batches there is nothing to say'
);

call fixture.add_procedure('1000C', p_status_code => 'C');
call fixture.add_batch('moved');
call fixture.add_claim('approved', p_batch => 'moved');
call fixture.add_claim('for review', p_batch => 'moved', p_hcpcs => '1000C');
call fixture.add_claim('rejected', p_batch => 'moved', p_patient_sex => 'X');
call fixture.process('moved');
call fixture.add_batch('waits since Monday', '2025-07-14 08:00 UTC');
call fixture.add_claim('waits', p_batch => 'waits since Monday');
call fixture.add_line('waits');
call fixture.add_undecoded('not decoded', p_batch => 'waits since Monday');
call fixture.add_batch('waits since Tuesday', '2025-07-15 08:00 UTC');
call fixture.add_claim('waits, too', p_batch => 'waits since Tuesday');

select results_eq(
  $$
    select
      status.state, status.batches, status.claims, status.lines, status.claims_moved,
      status.claims_pended, status.claims_failed, status.allowed_total,
      status.oldest_received_at
    from pipeline.status as status
    order by status.state
  $$,
  $$ values
    ('received', 2::bigint, 3::bigint, 3::bigint, null::bigint, null::bigint,
      1::bigint, null::numeric, timestamptz '2025-07-14 08:00 UTC'),
    ('transferred', 1, 3, 3, 2, 1, 1, 81.86, '2025-07-16 12:00 UTC')
  $$,
  'each state has its batches, claims and amounts, and since when the oldest waits'
);

select finish();
rollback;
