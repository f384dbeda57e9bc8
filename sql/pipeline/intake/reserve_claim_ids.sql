-- The blocks of one call follow on one another, so that a stretch of ids names the
-- claims of a batch and their order. The lock ends with the transaction: call it in
-- one of its own.
create function pipeline.reserve_claim_ids(p_count integer)
returns setof bigint
language plpgsql
volatile
set search_path = pg_catalog, pg_temp
as $$
begin
  perform pg_advisory_xact_lock(hashtext('claims.claim_ids'));
  return query
  select nextval('queue.claim_ids')
  from generate_series(1, (p_count + 999) / 1000);
end;
$$;

comment on function pipeline.reserve_claim_ids(integer)
is 'Reserves claim ids for p_count claims, in one stretch: each value v grants v to v + 999.';
