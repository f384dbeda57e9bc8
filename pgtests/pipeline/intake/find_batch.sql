begin;
\ir ../../_support/fixture.sql
select plan(5);

call maintenance.add_submitter('other');
call fixture.add_batch('file A, part 1');
call fixture.add_batch('file A, part 2', p_state => 'transferred');
call fixture.add_batch('of others', p_submitter => 'other');

select results_eq(
  $$ select * from pipeline.find_batch('default', 'file A, part 1') $$,
  $$ values (fixture.batch_id('file A, part 1'), 'received') $$,
  'a batch is found by submitter and idempotency key'
);
select results_eq(
  $$
    select found.state
    from pipeline.find_batch('default', 'file A, part 2') as found
  $$,
  array['transferred'],
  'in any state'
);
select is_empty(
  $$ select * from pipeline.find_batch('default', 'file A, part 3') $$,
  'a new batch is not'
);
select is_empty(
  $$ select * from pipeline.find_batch('default', 'of others') $$,
  'nor is that of another submitter'
);
select is_empty(
  $$ select * from pipeline.find_batch('nobody', 'file A, part 1') $$,
  'nor one of a submitter that is not there'
);

select finish();
rollback;
