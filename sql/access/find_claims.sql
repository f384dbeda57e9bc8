-- The submitter is that of the session and no argument. Nothing set, nothing found.
create function access.find_claims(
  p_kind text,
  p_token bytea,
  p_after bigint,
  p_limit integer,
  p_request jsonb
)
returns setof keys.found_claim
language plpgsql
volatile
security definer
set search_path = pg_catalog, pg_temp
as $$
declare
  v_submitter_id integer
    := nullif(current_setting('claims.submitter_id', true), '')::integer;
begin
  if v_submitter_id is null then
    return;
  end if;
  return query
  select found.*
  from keys.search_claims(
    p_kind, p_token, v_submitter_id, p_after, p_limit, p_request
  ) as found;
end;
$$;

comment on function access.find_claims(text, bytea, bigint, integer, jsonb)
is 'Claims of the submitter of the session whose member id, patient or claim number has a token, in the order of their ids; records the search. KY005: no such kind.';
