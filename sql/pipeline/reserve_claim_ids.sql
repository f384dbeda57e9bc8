create function pipeline.reserve_claim_ids(p_count integer)
returns setof bigint
language sql
volatile
begin atomic
  select nextval('queue.claim_ids')
  from generate_series(1, (p_count + 999) / 1000);
end;

comment on function pipeline.reserve_claim_ids(integer)
is 'Reserves claim ids for p_count claims: each value v grants v to v + 999.';
