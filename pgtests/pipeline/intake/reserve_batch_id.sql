begin;
\ir ../../_support/fixture.sql
select plan(2);

select isnt(
  pipeline.reserve_batch_id(), pipeline.reserve_batch_id(), 'no id is reserved twice'
);

-- Ids are reserved before the batch is encrypted, and stay so when nothing comes of it.
savepoint loading;
select pipeline.reserve_batch_id() as given \gset lost_
rollback to loading;
select cmp_ok(
  pipeline.reserve_batch_id(), '>', :lost_given::bigint,
  'an id given out is not given again'
);

select finish();
rollback;
