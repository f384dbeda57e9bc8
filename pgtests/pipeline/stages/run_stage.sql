-- Claims that make a statement fail are found by halving and fail by themselves; the
-- others go through, and so does a call in which nothing fails.
begin;
\ir ../../_support/fixture.sql
select plan(19);

update fixture.batches set name = 'large' where name = 'batch';
call fixture.add_batch('alone');
call fixture.add_batch('other');
do $$
begin
  for number in 1 .. 30 loop
    call fixture.add_claim('good ' || number, p_batch => 'large');
  end loop;
end;
$$;
call fixture.add_claim('rejected', p_batch => 'large', p_units => 0);
call fixture.add_claim('poison', p_batch => 'large', p_charge => 666);
call fixture.add_claim('poison alone', p_batch => 'alone', p_charge => 666);
call fixture.add_claim('good other', p_batch => 'other');

create function pg_temp.batch_ids()
returns bigint[]
language sql
as $$ select array_agg(batch.batch_id) from fixture.batches as batch $$;

select results_eq(
  $$ select * from pipeline.run_stage('validation', pg_temp.batch_ids()) $$,
  $$ values (3, 34, 1, 0, 0, 0) $$,
  'a stage in which nothing fails counts what it did'
);
select results_eq(
  $$ select * from pipeline.run_stage('validation', pg_temp.batch_ids()) $$,
  $$ values (0, 0, 0, 0, 0, 0) $$,
  'once more does nothing'
);

select is(
  (
    select array_agg(current_setting(given.name))
    from unnest(array['enable_hashjoin', 'enable_mergejoin', 'enable_seqscan']) as given (name)
  ),
  array['on', 'on', 'on'],
  'what the planner is told for few claims ends with the call'
);

alter table production.claim_lines add constraint no_beast check (charge <> 666);

select results_eq(
  $$ select * from pipeline.run_stage('transfer', pg_temp.batch_ids()) $$,
  $$ values (3, 33, 2, 0, 2, 0) $$,
  'two claims make the transfer fail, and are isolated'
);
select results_eq(
  $$
    select named.name, batch.name, failed.stage, failed.rule_codes, failed.sqlstate,
      failed.resolution, failed.reasons -> 0 ->> 'value'
    from staging.failed_claims as failed
    inner join fixture.claims as named on failed.claim_id = named.claim_id
    inner join fixture.batches as batch on failed.batch_id = batch.batch_id
    where failed.stage = 'transfer'
    order by named.name
  $$,
  $$ values
    ('poison', 'large', 'transfer', '{X001}'::text[], '23514', 'open',
      'SQLSTATE 23514, constraint no_beast'),
    ('poison alone', 'alone', 'transfer', '{X001}', '23514', 'open',
      'SQLSTATE 23514, constraint no_beast')
  $$,
  '... they are failed with the SQLSTATE and the constraint'
);
select results_eq(
  $$
    select named.name, batch.state, batch.claims_moved, batch.claims_failed
    from queue.batches as batch
    inner join fixture.batches as named on batch.batch_id = named.batch_id
    order by named.name
  $$,
  $$ values
    ('alone', 'transferred', 0, 1),
    ('large', 'transferred', 30, 2),
    ('other', 'transferred', 1, 0)
  $$,
  '... the others of their batches are transferred'
);
select results_eq(
  'select loaded, in_progress, transferred, failed, difference from pipeline.accounting',
  $$ values (34::bigint, 0::bigint, 31::bigint, 3::bigint, 0::bigint) $$,
  '... and every claim is accounted for'
);
select is_empty(
  $$
    select from staging.claims as claim
    inner join fixture.claims as named on claim.claim_id = named.claim_id
    where named.name like 'poison%'
  $$,
  '... what was isolated has left staging'
);
select is_empty(
  $$
    select from staging.failed_claims as failed
    where failed.stage = 'transfer'
      and (
        failed.staged_claim ->> 'total_charge' <> '666.00'
        or jsonb_array_length(failed.staged_lines) <> 1
      )
  $$,
  '... and is whole in failed_claims'
);
select results_eq(
  $$
    select event.detail ->> 'stage', event.detail -> 'claims', event.detail -> 'sqlstates'
    from audit.events as event
    where event.action = 'claims.isolated'
  $$,
  $$
    select 'transfer', jsonb_agg(named.claim_id order by named.claim_id), '["23514"]'::jsonb
    from fixture.claims as named
    where named.name like 'poison%'
  $$,
  '... which the audit trail says'
);
select is(
  (
    select count(*)
    from staging.claims as claim
    inner join fixture.claims as named on claim.claim_id = named.claim_id
    where named.name like 'good%'
  ),
  31::bigint,
  'what the trials took away came back'
);

alter table production.claim_lines drop constraint no_beast;
select lives_ok(
  $$
    select pipeline.retry_failed_claims(
      'default', array(select claim_id from staging.failed_claims where sqlstate is not null)
    )
  $$,
  'isolated claims can be retried when the cause is gone'
);
select lives_ok(
  $$
    select pipeline.run_stage('validation', array(select batch_id from queue.batches)),
      pipeline.run_stage('transfer', array(select batch_id from queue.batches))
  $$,
  '... the stages run'
);
select results_eq(
  'select transferred, failed, difference from pipeline.accounting',
  $$ values (33::bigint, 1::bigint, 0::bigint) $$,
  '... and they arrive'
);

-- A partition that is missing is made, and no claim fails for it.
update queue.settings
set service_months_back = 12 * (extract(year from now())::integer - 2024);
call fixture.add_batch('no partition');
call fixture.add_claim('no partition', p_batch => 'no partition', p_charge => 500);
drop table production.claim_lines_202507;
select pipeline.run_stage('validation', array[fixture.batch_id('no partition')]);
select results_eq(
  $$ select * from pipeline.run_stage('transfer', array[fixture.batch_id('no partition')]) $$,
  $$ values (1, 1, 0, 0, 0, 0) $$,
  'a missing partition is made, and put down to no claim'
);

-- An error that no claim brings about by itself is the caller's.
call fixture.add_batch('pair');
call fixture.add_claim('half', p_batch => 'pair', p_charge => 300);
call fixture.add_claim('other half', p_batch => 'pair', p_charge => 400);
create function pg_temp.refuse()
returns trigger
language plpgsql
as $$
begin
  if (select sum(moved.charge) from moved) > 600 then
    raise exception using errcode = '22003', message = 'too much together';
  end if;
  return null;
end;
$$;
create trigger refuse after insert on production.claim_lines
referencing new table as moved for each statement execute function pg_temp.refuse();
select pipeline.run_stage('validation', array[fixture.batch_id('pair')]);
select throws_ok(
  $$ select pipeline.run_stage('transfer', array[fixture.batch_id('pair')]) $$,
  '22003', 'too much together',
  'what fails only together stays as it is, and its error is told'
);

-- Halving is for the data's errors alone.
create or replace function pg_temp.refuse()
returns trigger
language plpgsql
as $$
begin
  raise exception using errcode = '40001', message = 'try again';
end;
$$;
select throws_ok(
  $$ select pipeline.run_stage('transfer', array[fixture.batch_id('pair')]) $$,
  '40001', 'try again',
  'a transient error is the caller''s'
);
select throws_ok(
  $$ select pipeline.run_stage('tranfser', array[fixture.batch_id('pair')]) $$,
  'PL004', null,
  'PL004: there is no such stage'
);
create or replace function pg_temp.refuse()
returns trigger
language plpgsql
as $$
begin
  raise exception using errcode = '22012', message = 'nothing passes';
end;
$$;
call fixture.add_batch('all bad');
do $$
begin
  for number in 1 .. 101 loop
    call fixture.add_claim('bad ' || number, p_batch => 'all bad');
  end loop;
end;
$$;
select pipeline.run_stage('validation', array[fixture.batch_id('all bad')]);
select throws_ok(
  $$ select pipeline.run_stage('transfer', array[fixture.batch_id('all bad')]) $$,
  'PL008', null,
  'PL008: more than a hundred claims are no fault of the claims'
);

select finish();
rollback;
