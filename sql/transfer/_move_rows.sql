-- One statement, so that lines are priced once and claims, findings and scores follow
-- from the same decided lines. Rows go in by month of service, which is the order of
-- the partitions.
create function transfer._move_rows(
  p_batch_ids bigint[],
  p_received_on date[],
  p_failed bigint[],
  p_lines pricing.line_to_price []
)
returns pipeline.stage_outcome []
language plpgsql
set search_path = pg_catalog, pg_temp
as $$
declare
  v_outcomes pipeline.stage_outcome[];
begin
  with claim as materialized (
    select
      claim.claim_id,
      claim.batch_id,
      date_trunc('month', claim.first_service_date::timestamp)::date as service_month
    from staging.claims as claim
    where
      claim.batch_id = any(p_batch_ids)
      and claim.received_on = any(p_received_on)
  ),

  decided as materialized (
    select
      claim.batch_id,
      claim.service_month,
      line.*
    from adjudication.decide_lines(
      p_batch_ids, p_received_on, p_failed, p_lines
    ) as line
    inner join claim on line.claim_id = claim.claim_id
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
      decided.claim_id,
      decided.service_month,
      decided.line_number,
      decided.submitter_id,
      decided.service_date,
      decided.service_date_to,
      decided.hcpcs,
      decided.modifiers,
      decided.place_of_service,
      decided.units,
      decided.minutes,
      decided.charge,
      decided.diagnosis_pointers,
      decided.pricing_status,
      decided.reason_code,
      decided.allowed_amount,
      decided.rvu_release_id,
      decided.gpci_release_id,
      decided.step_codes,
      decided.step_factors,
      decided.step_amounts,
      decided.group_code,
      decided.carc,
      decided.rarc
    from decided
    order by decided.service_month, decided.claim_id, decided.line_number
  ),

  scored as (
    select score.*
    from staging.claim_scores as score
    where
      score.batch_id = any(p_batch_ids)
      and score.received_on = any(p_received_on)
  ),

  totals as (
    select
      decided.claim_id,
      decided.service_month,
      decided.batch_id,
      count(*) as lines,
      coalesce(sum(decided.allowed_amount), 0) as allowed_amount,
      count(*) filter (where decided.pricing_status = 'pended') as pended,
      count(*) filter (where decided.pricing_status = 'denied') as denied,
      count(*) filter (where decided.pricing_status = 'priced') as payable
    from decided
    group by decided.claim_id, decided.service_month, decided.batch_id
  ),

  decided_claims as materialized (
    select
      totals.*,
      adjudication.decide_claim(totals.pended, totals.payable, scored.decision)
        as decision
    from totals
    left join scored on totals.claim_id = scored.claim_id
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
      decided.service_month,
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
      decided.decision,
      decided.allowed_amount,
      decided.pended,
      decided.denied,
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
    inner join decided_claims as decided on claim.claim_id = decided.claim_id
    where
      claim.batch_id = any(p_batch_ids)
      and claim.received_on = any(p_received_on)
    order by decided.service_month, claim.claim_id
  ),

  moved_findings as (
    insert into production.claim_findings (
      claim_id, service_month, line_number, submitter_id, rule_code, disposition,
      field, value
    )
    select
      finding.claim_id,
      decided.service_month,
      finding.line_number,
      finding.submitter_id,
      finding.rule_code,
      finding.disposition,
      finding.field,
      finding.value
    from staging.claim_findings as finding
    inner join decided_claims as decided on finding.claim_id = decided.claim_id
    where
      finding.batch_id = any(p_batch_ids)
      and finding.received_on = any(p_received_on)
    order by decided.service_month, finding.claim_id
  ),

  moved_scores as (
    insert into production.claim_scores (
      claim_id, service_month, submitter_id, model_id, score, threshold, decision,
      features
    )
    select
      scored.claim_id,
      decided.service_month,
      scored.submitter_id,
      scored.model_id,
      scored.score,
      scored.threshold,
      scored.decision,
      scored.features
    from scored
    inner join decided_claims as decided on scored.claim_id = decided.claim_id
    order by decided.service_month, scored.claim_id
  ),

  counted as (
    select
      decided.batch_id,
      count(*)::integer as claims,
      sum(decided.lines)::integer as lines,
      count(*) filter (where decided.pended > 0)::integer as pended,
      count(*) filter (where decided.decision = 'denied')::integer as denied,
      count(*) filter (
        where decided.decision = 'review' and decided.pended = 0
      )::integer as below,
      sum(decided.allowed_amount) as allowed_amount
    from decided_claims as decided
    group by decided.batch_id
  )

  select array_agg(
    row(
      counted.batch_id, 0, counted.claims, counted.lines, counted.pended,
      counted.denied, counted.below, counted.allowed_amount
    )::pipeline.stage_outcome
  )
  into v_outcomes
  from counted;
  return v_outcomes;
end;
$$;

comment on function transfer._move_rows(
  bigint[], date[], bigint[], pricing.line_to_price []
)
is 'Prices and decides the lines and claims of the batches, but for claims that failed, and writes the production rows; returns what it came to for each batch that had any.';
