-- The one definition of what a model sees: what scoring reads is stored with the
-- score, and training reads what was stored. A feature looks at its own claim, at the
-- reference data and at the history summaries, never at the other claims of the call,
-- so that it does not depend on what is scored together. Sums are over whole numbers
-- (cents, thousandths of a unit), because a sum of fractions in floating point depends
-- on the order of the rows; and as double precision, because numeric costs several
-- times as much. Must inline: no SET, STRICT or SECURITY DEFINER.
create function scoring.claim_features(
  p_batch_ids bigint[],
  p_received_on date[]
)
returns setof scoring.claim_feature
language sql
stable
parallel safe
begin atomic
  -- The releases by date of service, for every date that validation lets through, so
  -- that the joins are on equality and the lines need not be read for their dates.
  with dated as materialized (
    select
      serviced.service_date,
      max(period.release_id) filter (where period.kind = 'rvu') as rvu_release_id,
      max(period.release_id) filter (where period.kind = 'place_of_service')
        as place_release_id
    from queue.settings as settings
    cross join (
      select
        min(day.received_on) as first_received_on,
        max(day.received_on) as last_received_on
      from unnest(p_received_on) as day (received_on)
    ) as received
    cross join
      lateral (
        select series.day::date as service_date
        from generate_series(
          date_trunc('month', received.first_received_on::timestamp)
          - make_interval(months => settings.service_months_back),
          received.last_received_on + interval '1 day',
          interval '1 day'
        ) as series (day)
      ) as serviced
    inner join reference.periods_in_force as period
      on
        period.kind in ('rvu', 'place_of_service')
        and settings.qpp_status = period.qpp_status
        and serviced.service_date between period.valid_from and period.valid_to
    group by serviced.service_date
  ),

  line as (
    select
      given.claim_id,
      given.service_date,
      given.service_date_to,
      given.hcpcs,
      given.modifiers,
      given.place_of_service,
      (given.units * 1000)::bigint::double precision as units,
      (given.charge * 100)::bigint::double precision as charge,
      coalesce(place.is_facility, false) as at_facility,
      case left(given.hcpcs, 4)
        when '9920' then ascii(right(given.hcpcs, 1)) - 48
        when '9921' then ascii(right(given.hcpcs, 1)) - 48
        when '9928' then ascii(right(given.hcpcs, 1)) - 48
        when '9922' then ascii(right(given.hcpcs, 1)) - 46
        when '9923' then ascii(right(given.hcpcs, 1)) - 46
      end as visit_level,
      nullif(
        (
          (
            rvu.work_rvu + rvu.malpractice_rvu
            + case
              when place.is_facility then rvu.facility_pe_rvu
              else rvu.non_facility_pe_rvu
            end
          ) * rvu.conversion_factor * given.units * 100
        )::bigint::double precision,
        0
      ) as fee,
      (history.approved + 17) / (history.adjudicated + 20)::double precision
        as approval_share,
      history.usual_units,
      history.usual_charge
    from staging.claim_lines as given
    left join dated on given.service_date = dated.service_date
    left join reference.procedure_rvus as rvu
      on
        dated.rvu_release_id = rvu.release_id
        and given.hcpcs = rvu.hcpcs
        and pricing.choose_row_modifier(given.modifiers) = rvu.modifier
    left join reference.place_of_service_codes as place
      on
        dated.place_release_id = place.release_id
        and given.place_of_service = place.place_of_service
    left join models.procedure_history as history on given.hcpcs = history.hcpcs
    where
      given.batch_id = any(p_batch_ids)
      and given.received_on = any(p_received_on)
    -- A fence, so that each expression is computed once and not in every sum.
    offset 0
  ),

  summed as (
    select
      line.claim_id,
      count(*) as lines,
      sum(line.units) as units,
      max(line.units) as units_largest,
      max(line.charge) as charge_largest,
      sum(line.charge) filter (where line.fee is not null) as charge_with_fee,
      sum(line.fee) as fee,
      max(line.charge / line.fee) as charge_to_fee_worst,
      count(*) filter (where line.fee is null) as unpriced,
      count(*) filter (where line.at_facility) as at_facility,
      count(*) filter (where line.place_of_service in ('02', '10')) as telehealth,
      count(*) filter (where line.place_of_service = '23') as emergency,
      coalesce(max(line.visit_level), 0) as visit_level,
      count(*) filter (where '25' = any(line.modifiers)) as modifier_25,
      count(*) filter (
        where line.modifiers && array['59', 'XE', 'XP', 'XS', 'XU']
      ) as modifier_59,
      count(*) filter (where line.modifiers && array['26', 'TC']) as component,
      count(*) filter (where line.modifiers && array['50', 'LT', 'RT']) as side,
      count(*) filter (where line.modifiers && array['76', '77', '91']) as repeated,
      min(line.service_date) as first_service_date,
      max(greatest(line.service_date, line.service_date_to)) as last_service_date,
      min(line.approval_share) as approval_share,
      max(line.units / line.usual_units) as units_to_usual,
      max(line.charge / nullif(line.units, 0) / line.usual_charge) as charge_to_usual
    from line
    group by line.claim_id
  ),

  found as (
    select
      finding.claim_id,
      count(distinct finding.line_number) as denied,
      count(distinct finding.line_number) filter (where finding.rule_code = 'V041')
        as repeated
    from staging.claim_findings as finding
    where
      finding.batch_id = any(p_batch_ids)
      and finding.received_on = any(p_received_on)
      and finding.disposition = 'deny_line'
    group by finding.claim_id
  )

  select
    claim.claim_id,
    claim.batch_id,
    claim.received_on,
    claim.submitter_id,
    coalesce(claim.patient_age, 0)::real as patient_age,
    (case claim.patient_sex when 'F' then 1 when 'M' then 0 else 0.5 end)::real
      as patient_female,
    summed.lines::real as line_count,
    ln(1 + greatest(summed.units, 0) / 1000)::real as units_log,
    ln(1 + greatest(summed.units_largest, 0) / 1000)::real as units_largest_log,
    ln(1 + greatest(claim.total_charge, 0)::double precision)::real as charge_log,
    ln(1 + greatest(summed.charge_largest, 0) / 100)::real as charge_largest_log,
    coalesce(
      case
        when summed.charge_with_fee > 0 and summed.fee > 0
          then ln(summed.charge_with_fee / summed.fee)
      end,
      0
    )::real as charge_to_fee_log,
    coalesce(
      case when summed.charge_to_fee_worst > 0 then ln(summed.charge_to_fee_worst) end,
      0
    )::real as charge_to_fee_worst_log,
    (summed.unpriced::double precision / summed.lines)::real as unpriced_line_share,
    (summed.at_facility::double precision / summed.lines)::real as facility_share,
    (summed.telehealth::double precision / summed.lines)::real as telehealth_share,
    (summed.emergency::double precision / summed.lines)::real as emergency_share,
    summed.visit_level::real as visit_level,
    (summed.visit_level > 0 and summed.lines > 1)::integer::real as visit_with_service,
    summed.modifier_25::real as modifier_25_lines,
    summed.modifier_59::real as modifier_59_lines,
    summed.component::real as modifier_component_lines,
    summed.side::real as modifier_side_lines,
    (summed.repeated + coalesce(found.repeated, 0))::real as repeated_lines,
    coalesce(found.denied, 0)::real as denied_lines,
    coalesce(cardinality(claim.diagnoses), 0)::real as diagnosis_count,
    (principal.chapter = 'I')::integer::real as diagnosis_circulatory,
    (principal.chapter = 'M')::integer::real as diagnosis_musculoskeletal,
    (principal.chapter = 'F')::integer::real as diagnosis_mental,
    (principal.chapter = 'H')::integer::real as diagnosis_eye_or_ear,
    (principal.chapter = 'R')::integer::real as diagnosis_symptoms,
    (principal.chapter in ('S', 'T'))::integer::real as diagnosis_injury,
    (principal.chapter = 'Z')::integer::real as diagnosis_contact,
    ln(
      1 + greatest(
        (claim.received_at at time zone 'UTC')::date - claim.first_service_date, 0
      )::double precision
    )::real as days_to_receipt_log,
    coalesce(summed.last_service_date - summed.first_service_date, 0)::real
      as service_days,
    coalesce(extract(isodow from claim.first_service_date) in (6, 7), false)
    ::integer::real as weekend_service,
    (claim.rendering_npi is not null)::integer::real as rendered_by_other,
    (claim.frequency_code is distinct from '1')::integer::real as replacement_claim,
    (provider.claims is not null)::integer::real as provider_known,
    ln(1 + coalesce(provider.claims, 0)::double precision)::real as provider_claims_log,
    coalesce(
      (provider.approved + 17) / (provider.adjudicated + 20)::double precision, 0.85
    )::real as provider_approval_share,
    coalesce(summed.approval_share, 0.85)::real as procedure_approval_worst,
    coalesce(
      case
        when summed.units_to_usual > 0 then ln(summed.units_to_usual / 1000)
      end,
      0
    )::real as units_to_usual_log,
    coalesce(
      case when summed.charge_to_usual > 0 then ln(summed.charge_to_usual * 10) end, 0
    )::real as charge_to_usual_log
  -- From the claims outwards: nothing tells the planner how many groups the sums make.
  from staging.claims as claim
  left join summed on claim.claim_id = summed.claim_id
  left join found on claim.claim_id = found.claim_id
  left join models.provider_history as provider
    on claim.billing_npi = provider.billing_npi
  cross join
    lateral (
      select coalesce(left(claim.diagnoses[1], 1), '') as chapter
    ) as principal
  where
    claim.batch_id = any(p_batch_ids)
    and claim.received_on = any(p_received_on)
    -- As an array: of the failed claims of a batch that came after the last ANALYZE the
    -- planner expects none, and would compare each claim with all of them.
    and not exists (
      select
      from
        unnest(
          array(
            select failed.claim_id
            from staging.failed_claims as failed
            where
              failed.batch_id = any(p_batch_ids) and failed.resolution <> 'retried'
          )
        ) as failed (claim_id)
      where failed.claim_id = claim.claim_id
    );
end;

comment on function scoring.claim_features(bigint[], date[])
is 'The features of the claims of validated batches that did not fail, one row per claim.';
