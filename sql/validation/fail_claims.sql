-- The one way into failed_claims for a claim that was decoded. The staging rows go
-- along as they are, PHI still encrypted, because the staging day is dropped while
-- the failed claim lives until it is resolved. A claim that a retry had put back on
-- its way has its row already, which is opened again.
--
-- Tokens and ciphertexts stand in that row as hex, by which they are found again to be
-- encrypted anew or destroyed, whatever the caller's session or the database says.
create function validation.fail_claims(
  p_batch_ids bigint[],
  p_received_on date[],
  p_claim_ids bigint[],
  p_stage text,
  p_releases_in_force integer[] default null
)
returns table (batch_id bigint, claims integer)
language plpgsql
set search_path = pg_catalog, pg_temp
set bytea_output = 'hex'
as $$
#variable_conflict use_column
declare
  v_found bigint;
  v_batch_ids bigint[];
  v_claims integer[];
begin
  -- Materialized, so that no plan computes them once for each claim: the findings
  -- were inserted in this transaction, and nothing knows yet how many they are.
  with found as materialized (
    select
      finding.claim_id,
      array_agg(distinct finding.rule_code)
        filter (where finding.disposition = 'reject_claim') as rule_codes,
      bool_and(rule.retry_on_release is not null)
        filter (where finding.disposition = 'reject_claim') as can_pass_later,
      jsonb_agg(
        jsonb_build_object(
          'rule', finding.rule_code,
          'line', finding.line_number,
          'field', finding.field,
          'value', finding.value
        )
        order by finding.line_number, finding.rule_code, finding.field
      ) as reasons
    from staging.claim_findings as finding
    inner join reference.rules as rule on finding.rule_code = rule.rule_code
    where
      finding.batch_id = any(p_batch_ids)
      and finding.received_on = any(p_received_on)
      and finding.claim_id = any(p_claim_ids)
    group by finding.claim_id
  ),

  staged_lines as materialized (
    select
      line.claim_id,
      jsonb_agg(to_jsonb(line) order by line.line_number) as lines
    from staging.claim_lines as line
    where
      line.batch_id = any(p_batch_ids)
      and line.received_on = any(p_received_on)
      and line.claim_id = any(p_claim_ids)
    group by line.claim_id
  ),

  failed as (
    insert into staging.failed_claims as failed (
      claim_id, batch_id, submitter_id, received_at, stage, rule_codes, reasons,
      encrypted_batch_id, claim_number_token, staged_claim, staged_lines,
      releases_in_force, next_retry_at
    )
    select
      claim.claim_id,
      claim.batch_id,
      claim.submitter_id,
      claim.received_at,
      p_stage,
      found.rule_codes,
      found.reasons,
      claim.encrypted_batch_id,
      claim.claim_number_token,
      to_jsonb(claim),
      coalesce(staged_lines.lines, '[]'),
      case when found.can_pass_later then p_releases_in_force end,
      case when found.can_pass_later then now() end
    from staging.claims as claim
    inner join found on claim.claim_id = found.claim_id
    left join staged_lines on claim.claim_id = staged_lines.claim_id
    where
      claim.batch_id = any(p_batch_ids)
      and claim.received_on = any(p_received_on)
      and claim.claim_id = any(p_claim_ids)
    on conflict (claim_id) do update
      set
        batch_id = excluded.batch_id,
        failed_at = excluded.failed_at,
        stage = excluded.stage,
        resolution = 'open',
        rule_codes = excluded.rule_codes,
        reasons = excluded.reasons,
        staged_claim = excluded.staged_claim,
        staged_lines = excluded.staged_lines,
        sqlstate = null,
        releases_in_force = excluded.releases_in_force,
        -- A minute, two, four, … up to a day, should releases come one after another.
        next_retry_at = excluded.next_retry_at
          + interval '1 minute' * power(2, least(failed.retry_count, 11) - 1)
      where
        failed.resolution = 'retried' and failed.retried_batch_id = excluded.batch_id
    returning failed.batch_id
  ),

  counted as (
    select
      failed.batch_id,
      count(*)::integer as claims
    from failed
    group by failed.batch_id
  )

  select
    (select count(*) from found),
    array_agg(counted.batch_id order by counted.batch_id),
    array_agg(counted.claims order by counted.batch_id)
  into v_found, v_batch_ids, v_claims
  from counted;

  if
    v_found
    <> (select coalesce(sum(batch.claims), 0) from unnest(v_claims) as batch (claims))
  then
    raise exception using
      errcode = 'VL001',
      message = 'a claim that is to fail is failed already',
      hint = 'Nothing was changed. Report this: a claim stands in two batches, or failed twice.';
  end if;

  return query
  select failed.batch_id, failed.claims
  from unnest(v_batch_ids, v_claims) as failed (batch_id, claims);
end;
$$;

comment on function validation.fail_claims(bigint[], date[], bigint[], text, integer[])
is 'Puts staged claims with their findings into failed_claims; returns how many of which batch. VL001.';
