-- The registry takes the business keys in key order, so that two calls cannot deadlock,
-- and decides races: of several equal claims one gets the key.
create function transfer._register_claims(
  p_batch_ids bigint[],
  p_received_on date[],
  p_failed bigint[]
)
returns bigint[]
language plpgsql
set search_path = pg_catalog, pg_temp
as $$
declare
  v_lost bigint[];
begin
  -- Materialized, so that they are read once.
  with keyed as materialized (
    select
      claim.submitter_id,
      claim.claim_number_token,
      claim.frequency_code,
      claim.claim_id,
      date_trunc('month', claim.first_service_date::timestamp)::date as service_month
    from staging.claims as claim
    where
      claim.batch_id = any(p_batch_ids)
      and claim.received_on = any(p_received_on)
      and not exists (
        select from unnest(p_failed) as failed (claim_id)
        where failed.claim_id = claim.claim_id
      )
  ),

  registered as (
    insert into queue.claim_registry as registry
    (submitter_id, claim_number_token, frequency_code, claim_id, service_month)
    select
      keyed.submitter_id,
      keyed.claim_number_token,
      keyed.frequency_code,
      keyed.claim_id,
      keyed.service_month
    from keyed
    order by
      keyed.submitter_id,
      keyed.claim_number_token,
      keyed.frequency_code,
      keyed.claim_id
    on conflict (submitter_id, claim_number_token, frequency_code) do nothing
    returning registry.claim_id
  )

  select coalesce(array_agg(keyed.claim_id), '{}') into v_lost
  from keyed
  left join registered on keyed.claim_id = registered.claim_id
  where registered.claim_id is null;
  return v_lost;
end;
$$;

comment on function transfer._register_claims(bigint[], date[], bigint[])
is 'Enters the claims of the batches, but for those that failed, in the registry under their business keys; returns the ids of those whose key another claim has.';
