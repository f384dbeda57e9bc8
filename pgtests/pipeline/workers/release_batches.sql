-- A held batch is validated, and transferred when its submitter lets it go.
begin;
\ir ../../_support/fixture.sql
select plan(11);

call maintenance.add_submitter('clinic');
update fixture.batches set name = 'one' where name = 'batch';
call fixture.add_batch('two');
call fixture.add_batch('fresh');
call fixture.add_batch('theirs', p_submitter => 'clinic');
call fixture.add_claim('one', p_batch => 'one');
call fixture.add_claim('two', p_batch => 'two');
call fixture.add_claim('fresh', p_batch => 'fresh');
call fixture.add_claim('theirs', p_batch => 'theirs');
update queue.batches set hold = true;

create view pg_temp.found as
select string_agg(named.name || ' ' || batch.state, ', ' order by named.name) as states
from queue.batches as batch
inner join fixture.batches as named on batch.batch_id = named.batch_id;

select pipeline.run_stage(
  'validation',
  array[fixture.batch_id('one'), fixture.batch_id('two'), fixture.batch_id('theirs')]
);
select is_empty(
  'select transfer.move_batches(array(select batch_id from queue.batches))',
  'no caller moves a held batch'
);
select is(pipeline._take_batches('transfer', 100), '{}'::bigint[], '... and none takes it');
select is(
  (select states from pg_temp.found),
  'fresh received, one validated, theirs validated, two validated',
  'it is validated all the same'
);
select throws_ok(
  $$ select pipeline.release_batches('default', array[fixture.batch_id('theirs')]) $$,
  'PL007', null,
  'PL007: another''s batch is not there'
);
select throws_ok(
  $$ select pipeline.release_batches('default', '{-1}') $$,
  'PL007', null,
  'PL007: nor is one that does not exist'
);
select results_eq(
  $$ select * from pipeline.release_batches('default', array[fixture.batch_id('one')]) $$,
  $$ select fixture.batch_id('one'), 'validated' $$,
  'a submitter releases a batch'
);
select results_eq(
  $$ select * from pipeline.release_batches('default', array[fixture.batch_id('one')]) $$,
  $$ select fixture.batch_id('one'), 'validated' $$,
  'once more changes nothing'
);
select results_eq(
  $$ select * from pipeline.release_batches('default', null) $$,
  $$ select fixture.batch_id('two'), 'validated' $$,
  'without ids all that are ready'
);
select is(
  (select count(*) from audit.events as event where event.action = 'batches.released'),
  2::bigint,
  'each release that changed something is in the audit trail'
);
select pipeline.run_stage('transfer', array(select batch_id from queue.batches));
select is(
  (select states from pg_temp.found),
  'fresh received, one transferred, theirs validated, two transferred',
  'what was released goes on'
);
select results_eq(
  'select loaded, in_progress, transferred, difference from pipeline.accounting',
  $$ values (4::bigint, 2::bigint, 2::bigint, 0::bigint) $$,
  '... and what is held is in progress'
);

select finish();
rollback;
