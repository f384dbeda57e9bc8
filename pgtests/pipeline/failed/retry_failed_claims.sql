-- A retried claim is the same claim in a new batch; it is in one place and counted
-- once at every moment.
begin;
\ir ../../_support/fixture.sql
select plan(24);

call maintenance.add_submitter('clinic');
update fixture.batches set name = 'first' where name = 'batch';
call fixture.add_claim('good', p_batch => 'first');
call fixture.add_claim('code', p_batch => 'first', p_hcpcs => '00000');
call fixture.add_line('code');
call fixture.add_claim('units', p_batch => 'first', p_units => 0);
call fixture.add_undecoded('no claim', p_batch => 'first');
call fixture.add_batch('theirs', p_submitter => 'clinic');
call fixture.add_claim('theirs', p_batch => 'theirs', p_units => 0);

create function pg_temp.accounting()
returns text
language sql
as $$
  select concat_ws(
    ' ', loaded, in_progress, transferred, failed, superseded, difference
  )
  from pipeline.accounting
$$;
create function pg_temp.run(p_stage text)
returns void
language sql
as $$
  select pipeline.run_stage(p_stage, array(select batch_id from queue.batches))
$$;

select pg_temp.run('validation');
select is(pg_temp.accounting(), '5 1 0 4 0 0', 'validated: one goes on, four failed');

-- The batch it failed in is not transferred yet, and stands on the same day.
create temporary table retried as
select *
from pipeline.retry_failed_claims('default', array[fixture.claim_id('code')]);
select is(
  (select claim_id from retried), fixture.claim_id('code'), 'the claim keeps its id'
);
select isnt(
  (select batch_id from retried), fixture.batch_id('first'), '... in a new batch'
);
select is(pg_temp.accounting(), '5 2 0 3 0 0', '... and is in progress again, once');
select results_eq(
  $$
    select claim.batch_id, claim.received_at, claim.encrypted_batch_id, claim.line_count,
      claim.claim_number, claim.diagnoses, claim.total_charge
    from staging.claims as claim
    where claim.claim_id = fixture.claim_id('code')
  $$,
  $$
    select retried.batch_id, '2025-07-16 12:00 UTC'::timestamptz,
      fixture.batch_id('first'), 2::smallint, 'claim number'::bytea,
      '{E119,I10}'::text[], 240.00::numeric(12, 2)
    from retried
  $$,
  'it was received when it was, is encrypted as it was, and stands in staging once'
);
select results_eq(
  $$
    select line.batch_id, line.line_number, line.hcpcs, line.charge
    from staging.claim_lines as line
    where line.claim_id = fixture.claim_id('code')
    order by line.line_number
  $$,
  $$
    select retried.batch_id, line.number, line.hcpcs, 120.00::numeric(12, 2)
    from retried
    cross join (values (1::smallint, '00000'), (2::smallint, '99213'))
      as line (number, hcpcs)
  $$,
  '... with its lines'
);
select results_eq(
  $$
    select state.state, state.batch_id
    from pipeline.claim_states as state
    where state.claim_id = fixture.claim_id('code')
  $$,
  'select ''received'', batch_id from retried',
  '... and has one state'
);

select pg_temp.run('transfer');
select is(pg_temp.accounting(), '5 1 1 3 0 0', 'its old batch is transferred without it');
select pg_temp.run('validation');
select is(pg_temp.accounting(), '5 0 1 4 0 0', 'it fails again');
select results_eq(
  $$
    select failed.resolution, failed.batch_id, failed.retry_count, failed.rule_codes,
      failed.next_retry_at > now()
    from staging.failed_claims as failed
    where failed.claim_id = fixture.claim_id('code')
  $$,
  $$ select 'open', batch_id, 1, '{V021}'::text[], true from retried $$,
  '... in the new batch, with the retry counted'
);

call fixture.add_procedure('00000');
select is(
  (
    select count(*)
    from pipeline.retry_failed_claims_by_rule('default', 'V021')
  ),
  1::bigint,
  'the claims of a rule are retried'
);
select is(pg_temp.accounting(), '5 1 1 3 0 0', '... and in progress');
select pg_temp.run('validation');
select pg_temp.run('transfer');
select is(pg_temp.accounting(), '5 0 2 3 0 0', '... and go through');
select results_eq(
  $$
    select failed.resolution, failed.retry_count, failed.resolved_at is not null
    from staging.failed_claims as failed
    where failed.claim_id = fixture.claim_id('code')
  $$,
  $$ values ('resolved', 2, true) $$,
  '... which resolves the failed claim'
);
select results_eq(
  $$
    select claim.received_at, claim.encrypted_batch_id
    from production.claims as claim
    where claim.claim_id = fixture.claim_id('code')
  $$,
  $$ select '2025-07-16 12:00 UTC'::timestamptz, fixture.batch_id('first') $$,
  'production has it as it first came'
);
select is(
  (
    select string_agg(state.state, ' ')
    from pipeline.claim_states as state
    where state.claim_id = fixture.claim_id('code')
  ),
  'transferred',
  '... in one state'
);
select is(
  (
    select count(*)
    from audit.events as event
    where event.action = 'claims.retried'
  ),
  2::bigint,
  'each retry is in the audit trail'
);

select throws_ok(
  $$ select pipeline.retry_failed_claims('default', array[fixture.claim_id('no claim')]) $$,
  'PL011', null,
  'PL011: what could not be decoded cannot be retried'
);
select throws_ok(
  $$ select pipeline.retry_failed_claims('default', array[fixture.claim_id('code')]) $$,
  'PL010', null,
  'PL010: what is resolved cannot be retried'
);
select throws_ok(
  $$
    select pipeline.retry_failed_claims(
      'default', array[fixture.claim_id('units'), fixture.claim_id('theirs')]
    )
  $$,
  'PL009', null,
  'PL009: another submitter''s claim is not there'
);
select throws_ok(
  $$ select pipeline.retry_failed_claims('nobody', array[fixture.claim_id('units')]) $$,
  'PL001', null,
  'PL001: there is no such submitter'
);
select throws_ok(
  $$ select pipeline.retry_failed_claims_by_rule('default', 'D000') $$,
  'PL012', null,
  'PL012: what could not be decoded cannot be retried by rule either'
);
select is_empty(
  $$ select * from pipeline.retry_failed_claims_by_rule('clinic', 'V021') $$,
  'a rule of which a submitter has no claims retries nothing'
);
select is(
  (
    select failed.resolution
    from staging.failed_claims as failed
    where failed.claim_id = fixture.claim_id('units')
  ),
  'open',
  'a call that was refused has changed nothing'
);

select finish();
rollback;
