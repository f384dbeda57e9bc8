-- An event of set-based work names batches and a range of claim ids, and ranges of
-- batches loaded at the same time interleave. A batch whose ids have no gap holds every
-- claim of its range; of the others a claim is in those that its rows name. What can
-- not be told apart is listed: an audit rather shows too much than too little.
create function auditing.find_events_of_claims(p_claim_ids bigint[])
returns table (event_id bigint, claim_ids bigint[])
language sql
stable
security definer
set search_path = pg_catalog, pg_temp
begin atomic
  with claim as (
    select distinct given.claim_id
    from unnest(p_claim_ids) as given (claim_id)
  ),

  named as (
    select
      produced.claim_id,
      produced.batch_id
    from production.claims as produced
    where produced.claim_id = any(p_claim_ids)
    union
    select
      staged.claim_id,
      staged.batch_id
    from staging.claims as staged
    where staged.claim_id = any(p_claim_ids)
    union
    select
      failed.claim_id,
      failed.batch_id
    from staging.failed_claims as failed
    where failed.claim_id = any(p_claim_ids)
    union
    select
      failed.claim_id,
      failed.retried_batch_id
    from staging.failed_claims as failed
    where failed.claim_id = any(p_claim_ids) and failed.retried_batch_id is not null
  ),

  held as (
    select
      claim.claim_id,
      array_agg(batch.batch_id) as batch_ids
    from claim
    inner join queue.batches as batch
      on claim.claim_id between batch.first_claim_id and batch.last_claim_id
    where
      batch.last_claim_id - batch.first_claim_id + 1 = batch.claim_count
      or batch.batch_id in (
        select named.batch_id
        from named
        where named.claim_id = claim.claim_id
      )
      or not exists (
        select from named
        where named.claim_id = claim.claim_id
      )
    group by claim.claim_id
  )

  select
    event.event_id,
    array_agg(claim.claim_id order by claim.claim_id) as claim_ids
  from claim
  left join held on claim.claim_id = held.claim_id
  inner join audit.events as event
    on
      claim.claim_id between event.first_claim_id and event.last_claim_id
      and coalesce(event.batch_ids && held.batch_ids, true)
  group by event.event_id;
end;

comment on function auditing.find_events_of_claims(bigint[])
is 'The audit events that concern any of the given claims, and which of them each concerns.';
