-- find_claims with the audit event in the same transaction: who may search by token
-- can do so in no other way. The event holds neither the token nor what it is made of.
create function keys.search_claims(
  p_kind text,
  p_token bytea,
  p_submitter_id integer default null,
  p_after bigint default 0,
  p_limit integer default 100,
  p_detail jsonb default '{}'
)
returns setof keys.found_claim
language plpgsql
volatile
security definer
set search_path = pg_catalog, pg_temp
as $$
declare
  v_found keys.found_claim[] := array(
    select claim
    from keys.find_claims(p_kind, p_token, p_submitter_id, p_after, p_limit) as claim
    order by claim.claim_id
  );
begin
  perform auditing.record_event(
    'claims.searched', p_submitter_id, null,
    v_found[1].claim_id, v_found[cardinality(v_found)].claim_id,
    p_detail || jsonb_build_object('by', p_kind, 'claims', cardinality(v_found))
  );
  return query
  select found.*
  from unnest(v_found) as found;
end;
$$;

comment on function keys.search_claims(text, bytea, integer, bigint, integer, jsonb)
is 'Finds claims as find_claims does, and records the search with a detail of what else there is to say of it.';
