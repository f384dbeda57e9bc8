-- Runs a stage for some claims of its batches as if the others were not there, and
-- takes everything back: all happens in a subtransaction that always fails.
create function pipeline._try_claims(
  p_stage text,
  p_batch_ids bigint[],
  p_received_on date[],
  p_claim_ids bigint[],
  out sqlstate_found text,
  out constraint_found text
)
language plpgsql
set search_path = pg_catalog, pg_temp
set plan_cache_mode = 'force_custom_plan'
as $$
begin
  delete from staging.claim_lines as line
  where
    line.batch_id = any(p_batch_ids)
    and line.received_on = any(p_received_on)
    and line.claim_id <> all(p_claim_ids);
  delete from staging.claim_findings as finding
  where
    finding.batch_id = any(p_batch_ids)
    and finding.received_on = any(p_received_on)
    and finding.claim_id <> all(p_claim_ids);
  delete from staging.claim_scores as score
  where
    score.batch_id = any(p_batch_ids)
    and score.received_on = any(p_received_on)
    and score.claim_id <> all(p_claim_ids);
  delete from staging.claims as claim
  where
    claim.batch_id = any(p_batch_ids)
    and claim.received_on = any(p_received_on)
    and claim.claim_id <> all(p_claim_ids);
  update queue.batches as batch
  set claim_count = batch.claims_failed + kept.claims, staged_count = kept.claims
  from (
    select
      id.batch_id,
      count(claim.claim_id) as claims
    from unnest(p_batch_ids) as id (batch_id)
    left join staging.claims as claim
      on
        id.batch_id = claim.batch_id
        and claim.received_on = any(p_received_on)
        and claim.claim_id = any(p_claim_ids)
    group by id.batch_id
  ) as kept
  where batch.batch_id = kept.batch_id;
  perform pipeline._call_stage(p_stage, p_batch_ids);
  raise exception using errcode = 'PL999', message = 'the claims passed';
exception
  when sqlstate 'PL999' then
    null;
  when data_exception or integrity_constraint_violation then
    get stacked diagnostics constraint_found = constraint_name;
    sqlstate_found := sqlstate;
end;
$$;

comment on function pipeline._try_claims(text, bigint[], date[], bigint[])
is 'What error of class 22 or 23 a stage would meet with these claims of the batches alone; null when none. Changes nothing.';
