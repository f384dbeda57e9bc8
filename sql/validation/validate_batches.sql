-- One transaction: findings, failed claims, batch state and audit event together.
-- force_custom_plan, so that the batch ids and days are constants to the planner:
-- it prunes the partitions and sees how many batches there are. No parallel workers:
-- the machine's cores are shared out by calls, and workers would have to send back
-- what they collect. Findings give dates as ISO 8601, whatever the session's style is.
create function validation.validate_batches(p_batch_ids bigint[])
returns table (
  batch_id bigint,
  claims_checked integer,
  claims_failed integer,
  findings integer
)
language plpgsql
security definer
set search_path = pg_catalog, pg_temp
set datestyle = 'ISO'
set plan_cache_mode = 'force_custom_plan'
set jit = off
set max_parallel_workers_per_gather = 0
as $$
#variable_conflict use_column
declare
  v_started_at timestamptz := clock_timestamp();
  v_batch_ids bigint[];
  v_received_on date[];
  v_releases integer[];
  v_validated_batch_ids bigint[];
  v_validated_received_on date[];
  v_rejected bigint[];
  v_outcomes pipeline.stage_outcome[];
  v_seconds real;
begin
  -- Locked in id order and in the expected state; all that follows uses these alone.
  select array_agg(locked.batch_id), array_agg(distinct locked.received_on)
  into v_batch_ids, v_received_on
  from (
    select batch.batch_id, batch.received_on
    from queue.batches as batch
    where batch.batch_id = any(p_batch_ids) and batch.state = 'received'
    order by batch.batch_id
    for update
  ) as locked;
  if v_batch_ids is null then
    return;
  end if;

  -- Before the rules look at them: what comes later, a retry can still count as new.
  select array_agg(distinct period.release_id) into v_releases
  from reference.periods_in_force as period;

  -- Materialized, so that no plan runs a rule once for each claim.
  with finding as materialized (
    select * from validation.report_intake_findings(v_batch_ids, v_received_on)
    union all
    select * from validation.check_billing_npi(v_batch_ids, v_received_on)
    union all
    select * from validation.check_rendering_npi(v_batch_ids, v_received_on)
    union all
    select * from validation.check_sex(v_batch_ids, v_received_on)
    union all
    select * from validation.check_service_date_order(v_batch_ids, v_received_on)
    union all
    select * from validation.check_service_date_not_future(v_batch_ids, v_received_on)
    union all
    select * from validation.check_service_date_in_window(v_batch_ids, v_received_on)
    union all
    select * from validation.check_timely_filing(v_batch_ids, v_received_on)
    union all
    select * from validation.check_procedure_in_force(v_batch_ids, v_received_on)
    union all
    select * from validation.check_modifier_row(v_batch_ids, v_received_on)
    union all
    select * from validation.check_diagnosis_in_force(v_batch_ids, v_received_on)
    union all
    select * from validation.check_diagnosis_specificity(v_batch_ids, v_received_on)
    union all
    select * from validation.check_place_of_service(v_batch_ids, v_received_on)
    union all
    select * from validation.check_release_loaded(v_batch_ids, v_received_on)
    union all
    select * from validation.check_units_positive(v_batch_ids, v_received_on)
    union all
    select * from validation.check_units_whole(v_batch_ids, v_received_on)
    union all
    select * from validation.check_charge_positive(v_batch_ids, v_received_on)
    union all
    select * from validation.check_charges_add_up(v_batch_ids, v_received_on)
    union all
    select * from validation.check_diagnosis_pointers(v_batch_ids, v_received_on)
    union all
    select * from validation.check_duplicate_line(v_batch_ids, v_received_on)
  )

  insert into staging.claim_findings (
    claim_id, line_number, batch_id, received_on, submitter_id, rule_code,
    disposition, field, value
  )
  select
    finding.claim_id,
    finding.line_number,
    claim.batch_id,
    claim.received_on,
    claim.submitter_id,
    finding.rule_code,
    coalesce(rule.disposition, validation._refuse_rule(finding.rule_code)),
    finding.field,
    finding.value
  from finding
  inner join staging.claims as claim
    on
      finding.claim_id = claim.claim_id
      and claim.batch_id = any(v_batch_ids)
      and claim.received_on = any(v_received_on)
  left join reference.rules as rule on finding.rule_code = rule.rule_code;

  -- Duplicates last: of several equal claims the first good one goes on.
  select array_agg(batch.batch_id), array_agg(distinct batch.received_on)
  into v_validated_batch_ids, v_validated_received_on
  from queue.batches as batch
  where
    batch.state <> 'transferred'
    and coalesce(batch.failed_from, batch.state) in ('validated', 'scored');

  with finding as materialized (
    select *
    from validation.check_duplicate_claim(
      v_batch_ids, v_received_on, v_validated_batch_ids, v_validated_received_on
    )
  )

  insert into staging.claim_findings (
    claim_id, line_number, batch_id, received_on, submitter_id, rule_code,
    disposition, field, value
  )
  select
    finding.claim_id,
    finding.line_number,
    claim.batch_id,
    claim.received_on,
    claim.submitter_id,
    finding.rule_code,
    coalesce(rule.disposition, validation._refuse_rule(finding.rule_code)),
    finding.field,
    finding.value
  from finding
  inner join staging.claims as claim
    on
      finding.claim_id = claim.claim_id
      and claim.batch_id = any(v_batch_ids)
      and claim.received_on = any(v_received_on)
  left join reference.rules as rule on finding.rule_code = rule.rule_code;

  select array_agg(distinct finding.claim_id)
  into v_rejected
  from staging.claim_findings as finding
  where
    finding.batch_id = any(v_batch_ids)
    and finding.received_on = any(v_received_on)
    and finding.disposition = 'reject_claim';

  select array_agg(
    row(
      failed.batch_id, failed.claims, null, null, null, null, null, null
    )::pipeline.stage_outcome
  )
  into v_outcomes
  from validation.fail_claims(
    v_batch_ids, v_received_on, v_rejected, 'validation', v_releases
  ) as failed;

  v_seconds := extract(epoch from clock_timestamp() - v_started_at);
  return query
  with found as (
    select finding.batch_id, count(*)::integer as findings
    from staging.claim_findings as finding
    where
      finding.batch_id = any(v_batch_ids)
      and finding.received_on = any(v_received_on)
    group by finding.batch_id
  ),

  ended as (
    select batch.*
    from pipeline._end_stage('validated', v_batch_ids, v_outcomes, v_seconds) as batch
  ),

  validated as (
    select
      ended.batch_id,
      ended.submitter_id,
      ended.staged_count,
      ended.claims_failed,
      coalesce(found.findings, 0) as findings,
      ended.first_claim_id,
      ended.last_claim_id
    from ended
    left join found on ended.batch_id = found.batch_id
  ),

  audited as (
    select auditing.record_event(
      'batches.validated',
      validated.submitter_id,
      array_agg(validated.batch_id order by validated.batch_id),
      min(validated.first_claim_id),
      max(validated.last_claim_id),
      jsonb_build_object(
        'claims', sum(validated.staged_count),
        'failed', sum(validated.claims_failed),
        'findings', sum(validated.findings)
      )
    ) as event
    from validated
    group by validated.submitter_id
  )

  select
    validated.batch_id,
    validated.staged_count,
    validated.claims_failed,
    validated.findings
  from validated
  cross join (select count(audited.event) from audited) as written
  order by validated.batch_id;
end;
$$;

comment on function validation.validate_batches(bigint[])
is 'Validates those of the given batches that are received: findings, failed claims, state and audit event in one transaction. VL001.';
