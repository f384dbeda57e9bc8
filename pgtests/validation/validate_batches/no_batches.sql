begin;
\ir ../../_support/fixture.sql
select plan(5);

call fixture.add_claim('failed', p_units => 0);
call fixture.add_batch('transferred', p_state => 'transferred');
call fixture.add_claim('failed, transferred', 'transferred', p_units => 0);

select is_empty(
  $$ select * from validation.validate_batches(null) $$, 'no list'
);
select is_empty(
  $$ select * from validation.validate_batches('{}') $$, 'an empty list'
);
select is_empty(
  $$ select * from validation.validate_batches('{null,-1,999999999}') $$,
  'ids that do not exist'
);
select is_empty(
  $$
    select *
    from validation.validate_batches(array[fixture.batch_id('transferred')])
  $$,
  'a batch in another state'
);
select is_empty(
  $$
    select 'finding' from staging.claim_findings
    union all
    select 'failed claim' from staging.failed_claims
    union all
    select action from audit.events where action ~ '^batches'
    union all
    select 'batch' from queue.batches where state = 'validated'
  $$,
  'nothing to do leaves nothing behind'
);

select finish();
rollback;
