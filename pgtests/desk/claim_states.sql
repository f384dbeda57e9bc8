-- Where a claim stands follows from the rows that exist for it; every claim stands in
-- one place.
begin;
\ir ../_support/fixture.sql
select plan(6);

create function pg_temp.states()
returns table (claim text, batch_state text, state text, decision text)
language sql
as $$
  select named.name, batch.state, found.state, found.decision
  from pipeline.claim_states as found
  inner join fixture.claims as named on found.claim_id = named.claim_id
  inner join queue.batches as batch on found.batch_id = batch.batch_id
  order by named.claim_id
$$;

call fixture.add_procedure('1000C', p_status_code => 'C');
call fixture.add_undecoded('not decoded');
call fixture.add_claim('approved', p_claim_number => 'A');
call fixture.add_claim('for review', p_hcpcs => '1000C');
call fixture.add_claim('rejected', p_patient_sex => 'X');
select results_eq(
  'select * from pg_temp.states()',
  $$ values
    ('not decoded', 'received', 'failed', 'open'),
    ('approved', 'received', 'received', null),
    ('for review', 'received', 'received', null),
    ('rejected', 'received', 'received', null)
  $$,
  'a claim that waits is in the state of its batch, but one that was not decoded'
);

select validation.validate_batches(array[fixture.batch_id()]) as done \gset batch_
select results_eq(
  'select * from pg_temp.states()',
  $$ values
    ('not decoded', 'validated', 'failed', 'open'),
    ('approved', 'validated', 'validated', null),
    ('for review', 'validated', 'validated', null),
    ('rejected', 'validated', 'failed', 'open')
  $$,
  'a rejected claim has failed'
);

select transfer.move_batches(array[fixture.batch_id()]) as done \gset batch_
update staging.failed_claims
set resolution = 'superseded', resolved_at = now(), replaced_by_claim_id = claim_id + 1
where claim_id = fixture.claim_id('rejected');
select results_eq(
  'select * from pg_temp.states()',
  $$ values
    ('not decoded', 'transferred', 'failed', 'open'),
    ('approved', 'transferred', 'transferred', 'approved'),
    ('for review', 'transferred', 'transferred', 'review'),
    ('rejected', 'transferred', 'failed', 'superseded')
  $$,
  'a moved claim has its decision, and a failed one its resolution'
);

select results_eq(
  $$
    select found.submitter_id, found.batch_id, found.claim_number_token
    from pipeline.claim_states as found
    where found.claim_id = fixture.claim_id('approved')
  $$,
  $$ values (1, fixture.batch_id(), sha256('A')) $$,
  'whose it is, and of which number, is told'
);

drop table staging.claims_20250716, staging.claim_lines_20250716,
staging.claim_findings_20250716;
select is(
  (select count(*) from pipeline.claim_states as found),
  4::bigint,
  'all can be found when their day has left staging'
);

-- One claim is looked up by an index in each place, whatever the planner would like to
-- do with tables as small as these.
create function pg_temp.plan_of(p_query text)
returns setof text
language plpgsql
as $$
begin
  return query execute 'explain (costs off) ' || p_query;
end;
$$;
set local enable_seqscan = off;
select is_empty(
  $$
    select step
    from pg_temp.plan_of(
      'select * from pipeline.claim_states as found where found.claim_id = 1'
    ) as step
    where step ~ 'Seq Scan on (claims|failed)'
  $$,
  'a claim is found without reading all of them'
);

select finish();
rollback;
