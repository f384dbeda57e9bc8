-- Kept beside the claim and never in it: the claim says what the pipeline decided,
-- this says what a person did. Any transferred claim may be reviewed: a sample of
-- approved ones gives labels that the model did not choose.
create procedure scoring.record_review(
  p_claim_id bigint,
  p_verdict text,
  p_reason text
)
language plpgsql
security definer
set search_path = pg_catalog, pg_temp
as $$
declare
  v_claim record;
begin
  if not exists (
    select from models.review_reasons as reason
    where reason.reason_code = p_reason and reason.verdict = p_verdict
  ) then
    raise exception using
      errcode = 'SC006',
      message = format('%L is no reason for the verdict %L', p_reason, p_verdict),
      hint = 'Take one of these: ' || (
        select
          string_agg(
            reason.verdict || ' ' || reason.reason_code, ', '
            order by reason.verdict, reason.reason_code
          )
        from models.review_reasons as reason
      ) || '.';
  end if;

  -- One at a time for a claim, so that the last id is the last verdict.
  perform pg_advisory_xact_lock(
    hashtext('models.review_verdicts'), hashint8(p_claim_id)
  );
  select claim.service_month, claim.submitter_id, claim.batch_id into v_claim
  from production.claims as claim
  where claim.claim_id = p_claim_id;
  if not found then
    raise exception using
      errcode = 'SC007',
      message = format('claim %s is not in production', p_claim_id),
      hint = 'Take a claim from production.review_queue.';
  end if;

  insert into models.review_verdicts
  (claim_id, service_month, submitter_id, verdict, reason_code)
  values
  (p_claim_id, v_claim.service_month, v_claim.submitter_id, p_verdict, p_reason);
  perform auditing.record_event(
    'claim.reviewed', v_claim.submitter_id, array[v_claim.batch_id], p_claim_id,
    p_claim_id, jsonb_build_object('verdict', p_verdict, 'reason', p_reason)
  );
end;
$$;

comment on procedure scoring.record_review(bigint, text, text)
is 'Records what the reviewer who is logged in decided on a claim, and why; a later verdict on the same claim goes before. SC006: no such reason. SC007: not in production.';
