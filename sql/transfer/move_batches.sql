-- One transaction: registry, lines, claims, findings, scores, batch state and audit
-- event together. The registry takes the business keys in key order, so that two calls
-- cannot deadlock, and decides races: the loser becomes a failed claim with the
-- duplicate finding.
create function transfer.move_batches(p_batch_ids bigint[])
returns table (
  batch_id bigint,
  claims_moved integer,
  lines_moved integer,
  claims_pended integer,
  claims_failed integer,
  allowed_total numeric
)
language plpgsql
security definer
set search_path = pg_catalog, pg_temp
set plan_cache_mode = 'force_custom_plan'
set jit = off
set max_parallel_workers_per_gather = 0
as $$
#variable_conflict use_column
declare
  v_states text[] := pipeline._due_states('transfer');
  v_started_at timestamptz := clock_timestamp();
  v_batch_ids bigint[];
  v_received_on date[];
  v_retried bigint[];
  v_failed bigint[];
  v_lost bigint[];
  v_lost_ids bigint[];
  v_lost_claims integer[];
  v_lines pricing.line_to_price[];
  v_moved_ids bigint[];
  v_claims integer[];
  v_line_counts integer[];
  v_pended integer[];
  v_below integer[];
  v_allowed numeric[];
  v_seconds real;
begin
  -- Locked in id order and in the expected state; all that follows uses these alone.
  select
    array_agg(locked.batch_id),
    array_agg(distinct locked.received_on),
    array_agg(locked.batch_id) filter (where locked.retried_count > 0)
  into v_batch_ids, v_received_on, v_retried
  from (
    select batch.batch_id, batch.received_on, batch.retried_count
    from queue.batches as batch
    where
      batch.batch_id = any(p_batch_ids)
      and batch.state = any(v_states)
      and not batch.hold
    order by batch.batch_id
    for update
  ) as locked;
  if v_batch_ids is null then
    return;
  end if;

  -- A retried claim failed in one batch and may stand in another one of these. The
  -- array is joined as rows, whose number the planner knows: by `<> all` it takes some
  -- thousand of failed claims for a sign that none are left, and joins in nested loops.
  select coalesce(array_agg(failed.claim_id), '{}') into v_failed
  from staging.failed_claims as failed
  where failed.batch_id = any(v_batch_ids) and failed.resolution <> 'retried';

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
      claim.batch_id = any(v_batch_ids)
      and claim.received_on = any(v_received_on)
      and not exists (
        select from unnest(v_failed) as failed (claim_id)
        where failed.claim_id = claim.claim_id
      )
  ),

  registered as (
    insert into production.claim_registry as registry
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

  select array_agg(keyed.claim_id) into v_lost
  from keyed
  left join registered on keyed.claim_id = registered.claim_id
  where registered.claim_id is null;

  if v_lost is not null then
    insert into staging.claim_findings (
      claim_id, line_number, batch_id, received_on, submitter_id, rule_code,
      disposition, field, value
    )
    select
      claim.claim_id,
      0,
      claim.batch_id,
      claim.received_on,
      claim.submitter_id,
      rule.rule_code,
      rule.disposition,
      'claim_number',
      'claim ' || registry.claim_id
    from staging.claims as claim
    inner join production.claim_registry as registry
      on
        claim.submitter_id = registry.submitter_id
        and claim.claim_number_token = registry.claim_number_token
        and claim.frequency_code = registry.frequency_code
    cross join reference.rules as rule
    where
      claim.batch_id = any(v_batch_ids)
      and claim.received_on = any(v_received_on)
      and claim.claim_id = any(v_lost)
      and rule.rule_code = 'V040';
    select array_agg(lost.batch_id), array_agg(lost.claims)
    into v_lost_ids, v_lost_claims
    from validation.fail_claims(
      v_batch_ids, v_received_on, v_lost, 'transfer', null
    ) as lost;
    v_failed := v_failed || v_lost;
  end if;

  -- A finding that denies or pends holds its line, and one of the claim itself all of
  -- them; the others are priced. Claims are read once and hashed: by index, a look for
  -- each line costs three times as much.
  with claim as materialized (
    select
      claim.claim_id,
      claim.carrier,
      claim.locality,
      claim.service_zip,
      coalesce(claim.rendering_taxonomy, claim.billing_taxonomy) as taxonomy
    from staging.claims as claim
    where
      claim.batch_id = any(v_batch_ids)
      and claim.received_on = any(v_received_on)
  )

  select array_agg(
    row(
      line.claim_id, line.line_number, line.service_date, line.hcpcs, line.modifiers,
      line.place_of_service, line.units, line.charge, claim.carrier, claim.locality,
      claim.service_zip, claim.taxonomy
    )::pricing.line_to_price
  )
  into v_lines
  from staging.claim_lines as line
  inner join claim
    on line.claim_id = claim.claim_id
  where
    line.batch_id = any(v_batch_ids)
    and line.received_on = any(v_received_on)
    and not exists (
      select from unnest(v_failed) as failed (claim_id)
      where failed.claim_id = line.claim_id
    )
    and not exists (
      select from staging.claim_findings as finding
      where
        finding.batch_id = any(v_batch_ids)
        and finding.received_on = any(v_received_on)
        and finding.disposition in ('deny_line', 'pend')
        and finding.claim_id = line.claim_id
        and finding.line_number in (line.line_number, 0)
    );

  with priced as (
    select * from pricing.price_lines(v_lines)
    union all
    select
      held.claim_id,
      held.line_number,
      case when held.denied_by is not null then 'denied' else 'pended' end,
      coalesce(held.denied_by, held.pended_by),
      case when held.denied_by is not null then 0.00 end,
      null,
      null,
      null,
      null,
      null
    from (
      select
        line.claim_id,
        line.line_number,
        min(finding.rule_code) filter (where finding.disposition = 'deny_line')
          as denied_by,
        min(finding.rule_code) filter (where finding.disposition = 'pend')
          as pended_by
      from staging.claim_findings as finding
      inner join staging.claim_lines as line
        on
          finding.claim_id = line.claim_id
          and finding.line_number in (line.line_number, 0)
      where
        finding.batch_id = any(v_batch_ids)
        and finding.received_on = any(v_received_on)
        and finding.disposition in ('deny_line', 'pend')
        and not exists (
          select from unnest(v_failed) as failed (claim_id)
          where failed.claim_id = finding.claim_id
        )
        and line.batch_id = any(v_batch_ids)
        and line.received_on = any(v_received_on)
      group by line.claim_id, line.line_number
    ) as held
  ),

  claim as materialized (
    select
      claim.claim_id,
      claim.batch_id,
      date_trunc('month', claim.first_service_date::timestamp)::date as service_month
    from staging.claims as claim
    where
      claim.batch_id = any(v_batch_ids)
      and claim.received_on = any(v_received_on)
  ),

  adjudicated as materialized (
    select
      claim.claim_id,
      claim.batch_id,
      claim.service_month,
      priced.line_number,
      priced.pricing_status,
      priced.reason_code,
      priced.allowed_amount,
      priced.rvu_release_id,
      priced.gpci_release_id,
      priced.step_codes,
      priced.step_factors,
      priced.step_amounts
    from priced
    inner join claim on priced.claim_id = claim.claim_id
  ),

  moved_lines as (
    insert into production.claim_lines (
      claim_id, service_month, line_number, submitter_id, service_date,
      service_date_to, hcpcs, modifiers, place_of_service, units, minutes, charge,
      diagnosis_pointers, pricing_status, reason_code, allowed_amount,
      rvu_release_id, gpci_release_id, step_codes, step_factors, step_amounts,
      group_code, carc, rarc
    )
    select
      line.claim_id,
      adjudicated.service_month,
      line.line_number,
      line.submitter_id,
      line.service_date,
      line.service_date_to,
      line.hcpcs,
      line.modifiers,
      line.place_of_service,
      line.units,
      line.minutes,
      line.charge,
      line.diagnosis_pointers,
      adjudicated.pricing_status,
      adjudicated.reason_code,
      adjudicated.allowed_amount,
      adjudicated.rvu_release_id,
      adjudicated.gpci_release_id,
      adjudicated.step_codes,
      adjudicated.step_factors,
      adjudicated.step_amounts,
      case
        when line.charge > adjudicated.allowed_amount
          and adjudicated.pricing_status = 'priced' then 'CO'
        else coalesce(reason.group_code, rule.group_code)
      end as group_code,
      case
        when line.charge > adjudicated.allowed_amount
          and adjudicated.pricing_status = 'priced' then '45'
        else coalesce(reason.carc, rule.carc)
      end as carc,
      coalesce(reason.rarc, rule.rarc) as rarc
    from staging.claim_lines as line
    inner join adjudicated
      on
        line.claim_id = adjudicated.claim_id
        and line.line_number = adjudicated.line_number
    left join catalogue.pricing_reasons as reason
      on adjudicated.reason_code = reason.reason_code
    left join reference.rules as rule
      on
        adjudicated.reason_code = rule.rule_code
        and adjudicated.pricing_status = 'denied'
    where
      line.batch_id = any(v_batch_ids)
      and line.received_on = any(v_received_on)
    order by adjudicated.service_month, line.claim_id, line.line_number
  ),

  totals as (
    select
      adjudicated.claim_id,
      adjudicated.service_month,
      adjudicated.batch_id,
      count(*) as lines,
      coalesce(sum(adjudicated.allowed_amount), 0) as allowed_amount,
      count(*) filter (where adjudicated.pricing_status = 'pended') as pended,
      count(*) filter (where adjudicated.pricing_status = 'denied') as denied
    from adjudicated
    group by adjudicated.claim_id, adjudicated.service_month, adjudicated.batch_id
  ),

  scored as (
    select score.*
    from staging.claim_scores as score
    where
      score.batch_id = any(v_batch_ids)
      and score.received_on = any(v_received_on)
  ),

  moved_claims as (
    insert into production.claims (
      claim_id, service_month, batch_id, submitter_id, received_at,
      encrypted_batch_id, erasure_id, replaces_claim_id, claim_number_token,
      member_token, patient_token, frequency_code, payer_id, billing_npi,
      billing_taxonomy, rendering_npi, rendering_taxonomy, patient_age, patient_sex,
      service_zip, carrier, locality, diagnoses, total_charge, first_service_date,
      line_count, decision, allowed_amount, pended_line_count, denied_line_count,
      transferred_at,
      claim_number, member_id, patient_last_name, patient_first_name,
      patient_middle_name, patient_birth_date, patient_address_line, patient_city,
      patient_state, patient_zip, patient_phone
    )
    select
      claim.claim_id,
      totals.service_month,
      claim.batch_id,
      claim.submitter_id,
      claim.received_at,
      claim.encrypted_batch_id,
      claim.erasure_id,
      claim.replaces_claim_id,
      claim.claim_number_token,
      claim.member_token,
      claim.patient_token,
      claim.frequency_code,
      claim.payer_id,
      claim.billing_npi,
      claim.billing_taxonomy,
      claim.rendering_npi,
      claim.rendering_taxonomy,
      claim.patient_age,
      claim.patient_sex,
      claim.service_zip,
      claim.carrier,
      claim.locality,
      claim.diagnoses,
      claim.total_charge,
      claim.first_service_date,
      claim.line_count,
      case
        when totals.pended > 0 or scored.decision = 'review' then 'review'
        else 'approved'
      end as decision,
      totals.allowed_amount,
      totals.pended,
      totals.denied,
      now() as transferred_at,
      claim.claim_number,
      claim.member_id,
      claim.patient_last_name,
      claim.patient_first_name,
      claim.patient_middle_name,
      claim.patient_birth_date,
      claim.patient_address_line,
      claim.patient_city,
      claim.patient_state,
      claim.patient_zip,
      claim.patient_phone
    from staging.claims as claim
    inner join totals on claim.claim_id = totals.claim_id
    left join scored on claim.claim_id = scored.claim_id
    where
      claim.batch_id = any(v_batch_ids)
      and claim.received_on = any(v_received_on)
    order by totals.service_month, claim.claim_id
  ),

  moved_findings as (
    insert into production.claim_findings (
      claim_id, service_month, line_number, submitter_id, rule_code, disposition,
      field, value
    )
    select
      finding.claim_id,
      totals.service_month,
      finding.line_number,
      finding.submitter_id,
      finding.rule_code,
      finding.disposition,
      finding.field,
      finding.value
    from staging.claim_findings as finding
    inner join totals on finding.claim_id = totals.claim_id
    where
      finding.batch_id = any(v_batch_ids)
      and finding.received_on = any(v_received_on)
    order by totals.service_month, finding.claim_id
  ),

  moved_scores as (
    insert into production.claim_scores (
      claim_id, service_month, submitter_id, model_id, score, threshold, decision,
      features
    )
    select
      scored.claim_id,
      totals.service_month,
      scored.submitter_id,
      scored.model_id,
      scored.score,
      scored.threshold,
      scored.decision,
      scored.features
    from scored
    inner join totals on scored.claim_id = totals.claim_id
    order by totals.service_month, scored.claim_id
  ),

  counted as (
    select
      totals.batch_id,
      count(*)::integer as claims,
      sum(totals.lines)::integer as lines,
      count(*) filter (where totals.pended > 0)::integer as pended,
      count(*) filter (
        where totals.pended = 0 and scored.decision = 'review'
      )::integer as below,
      sum(totals.allowed_amount) as allowed_amount
    from totals
    left join scored on totals.claim_id = scored.claim_id
    group by totals.batch_id
  )

  select
    array_agg(counted.batch_id),
    array_agg(counted.claims),
    array_agg(counted.lines),
    array_agg(counted.pended),
    array_agg(counted.below),
    array_agg(counted.allowed_amount)
  into v_moved_ids, v_claims, v_line_counts, v_pended, v_below, v_allowed
  from counted;
  v_seconds := extract(epoch from clock_timestamp() - v_started_at);

  -- What is still on its way by a retry has arrived.
  if v_retried is not null then
    update staging.failed_claims as failed
    set resolution = 'resolved', resolved_at = now()
    where failed.retried_batch_id = any(v_retried) and failed.resolution = 'retried';
  end if;

  return query
  with transferred as (
    update queue.batches as batch
    set
      state = 'transferred',
      transferred_at = now(),
      claims_moved = coalesce(outcome.claims, 0),
      lines_moved = coalesce(outcome.lines, 0),
      claims_pended = coalesce(outcome.pended, 0),
      claims_below_threshold = coalesce(outcome.below, 0),
      claims_failed = batch.claims_failed + coalesce(outcome.lost, 0),
      allowed_total = coalesce(outcome.allowed_amount, 0),
      transfer_seconds = v_seconds,
      attempts = 0,
      next_attempt_at = null,
      leased_by = null,
      leased_until = null,
      last_sqlstate = null,
      last_error = null
    from (
      select
        id.batch_id,
        counted.claims,
        counted.lines,
        counted.pended,
        counted.below,
        counted.allowed_amount,
        lost.claims as lost
      from unnest(v_batch_ids) as id (batch_id)
      left join unnest(
        v_moved_ids, v_claims, v_line_counts, v_pended, v_below, v_allowed
      )
        as counted (batch_id, claims, lines, pended, below, allowed_amount)
        on id.batch_id = counted.batch_id
      left join unnest(v_lost_ids, v_lost_claims) as lost (batch_id, claims)
        on id.batch_id = lost.batch_id
    ) as outcome
    where batch.batch_id = outcome.batch_id
    returning
      batch.batch_id,
      batch.submitter_id,
      batch.claims_moved,
      batch.lines_moved,
      batch.claims_pended,
      batch.claims_below_threshold,
      batch.claims_failed,
      batch.allowed_total,
      batch.first_claim_id,
      batch.last_claim_id
  ),

  audited as (
    select auditing.record_event(
      'batches.transferred',
      transferred.submitter_id,
      array_agg(transferred.batch_id order by transferred.batch_id),
      min(transferred.first_claim_id),
      max(transferred.last_claim_id),
      jsonb_build_object(
        'claims', sum(transferred.claims_moved),
        'lines', sum(transferred.lines_moved),
        'pended', sum(transferred.claims_pended),
        'below_threshold', sum(transferred.claims_below_threshold),
        'failed', sum(transferred.claims_failed),
        'allowed_total', sum(transferred.allowed_total)
      )
    ) as event
    from transferred
    group by transferred.submitter_id
  ),

  notified as (
    select pg_notify('claims_batches', transferred.batch_id::text) as notice
    from transferred
  )

  select
    transferred.batch_id,
    transferred.claims_moved,
    transferred.lines_moved,
    transferred.claims_pended,
    transferred.claims_failed,
    transferred.allowed_total
  from transferred
  cross join (select count(audited.event) from audited) as written
  cross join (select count(notified.notice) from notified) as told
  order by transferred.batch_id;

  -- What came in must have gone somewhere: this cannot happen, and says so if it does.
  if exists (
    select from queue.batches as batch
    where
      batch.batch_id = any(v_batch_ids)
      and batch.claim_count <> batch.claims_moved + batch.claims_failed
  ) then
    raise exception using
      errcode = 'TX001',
      message = format('claims of batches %s are neither moved nor failed', v_batch_ids),
      hint = 'Nothing was moved. Report this with the batch ids: it is a defect.';
  end if;
end;
$$;

comment on function transfer.move_batches(bigint[])
is 'Prices and moves those of the given batches that are scored, or validated where no score is required, and not held: production rows, registry, state and audit event in one transaction. TX001.';
