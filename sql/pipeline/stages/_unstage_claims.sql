-- The one exception from never deleting in staging: a claim leaves its batch, and the
-- stages, which go by the batch, must not meet it there again. What it was stands in
-- failed_claims.
create function pipeline._unstage_claims(
  p_batch_ids bigint[],
  p_received_on date[],
  p_claim_ids bigint[]
)
returns void
language plpgsql
set search_path = pg_catalog, pg_temp
set plan_cache_mode = 'force_custom_plan'
as $$
begin
  delete from staging.claim_lines as line
  where
    line.batch_id = any(p_batch_ids)
    and line.received_on = any(p_received_on)
    and line.claim_id = any(p_claim_ids);
  delete from staging.claim_findings as finding
  where
    finding.batch_id = any(p_batch_ids)
    and finding.received_on = any(p_received_on)
    and finding.claim_id = any(p_claim_ids);
  delete from staging.claim_scores as score
  where
    score.batch_id = any(p_batch_ids)
    and score.received_on = any(p_received_on)
    and score.claim_id = any(p_claim_ids);
  delete from staging.claims as claim
  where
    claim.batch_id = any(p_batch_ids)
    and claim.received_on = any(p_received_on)
    and claim.claim_id = any(p_claim_ids);
end;
$$;

comment on function pipeline._unstage_claims(bigint[], date[], bigint[])
is 'Takes failed claims out of the staging rows of their batches.';
