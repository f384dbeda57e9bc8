-- Ids are given out in blocks of a thousand: each value v grants v to v + 999.
begin;
\ir ../../_support/fixture.sql
select plan(7);

create function pg_temp.blocks(p_count integer)
returns bigint
language sql
as $$
  select count(*) from pipeline.reserve_claim_ids(p_count)
$$;
select is(pg_temp.blocks(0), 0::bigint, 'no claims need no block');
select is(pg_temp.blocks(1), 1::bigint, 'one claim needs a block');
select is(pg_temp.blocks(1000), 1::bigint, 'a thousand claims need one');
select is(pg_temp.blocks(1001), 2::bigint, 'one more needs another');
select is(pg_temp.blocks(25000), 25::bigint, 'a large batch needs as many as it fills');

create temporary table granted as
select block.first_id
from (
  select pipeline.reserve_claim_ids(2500)
  union all
  select pipeline.reserve_claim_ids(1)
) as block (first_id);
select is(
  (
    select count(distinct block.first_id + place.place)
    from granted as block
    cross join generate_series(0, 999) as place (place)
  ),
  4000::bigint,
  'no two blocks have an id in common'
);
select is_empty(
  $$
    select granted.first_id
    from granted
    where granted.first_id <= (
      select max(batch.last_claim_id) from queue.batches as batch
    )
  $$,
  'nor with the batch that came before'
);

select finish();
rollback;
