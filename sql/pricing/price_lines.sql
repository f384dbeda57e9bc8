-- The Medicare physician fee schedule, in the order of its steps: row by code,
-- modifier and date; setting; formula; units; OPPS cap; charge. Nothing is rounded
-- but the result: the amounts of the steps are exact, so that the last one always
-- rounds to it. Every line comes back: with an amount, or with a status, a reason
-- and no amount. A line whose amount depends on a rule that is not applied here is
-- pended with that reason, because no percentage is invented.
create function pricing.price_lines(p_lines pricing.line_to_price [])
returns table (
  claim_id bigint,
  line_number smallint,
  pricing_status text,
  reason_code text,
  allowed_amount numeric,
  rvu_release_id integer,
  gpci_release_id integer,
  step_codes text[],
  step_factors numeric[],
  step_amounts numeric[]
)
language sql
stable
parallel safe
begin atomic
  with line as (
    select
      given.*,
      case
        when given.modifiers is null then ''
        when '26' = any(given.modifiers) then '26'
        when 'TC' = any(given.modifiers) then 'TC'
        when '53' = any(given.modifiers) then '53'
        else ''
      end as row_modifier
    from unnest(p_lines) as given
  ),

  -- The releases by date of service: few dates, so that all further joins are
  -- on equality and can be hashed.
  dated as materialized (
    select
      serviced.service_date,
      max(period.release_id) filter (where period.kind = 'rvu') as rvu_release_id,
      max(period.release_id) filter (where period.kind = 'gpci') as gpci_release_id,
      max(period.release_id) filter (where period.kind = 'zip_locality')
        as zip_release_id,
      max(period.release_id) filter (where period.kind = 'place_of_service')
        as place_release_id,
      exists(
        select from catalogue.work_floor_periods as floored
        where serviced.service_date between floored.valid_from and floored.valid_to
      ) as work_floor
    from (select distinct line.service_date from line) as serviced
    cross join queue.settings as settings
    left join reference.periods_in_force as period
      on
        settings.qpp_status = period.qpp_status
        and serviced.service_date between period.valid_from and period.valid_to
    group by serviced.service_date
  ),

  rated as (
    select
      line.claim_id,
      line.line_number,
      line.service_date,
      line.hcpcs,
      line.modifiers,
      line.row_modifier,
      line.units,
      line.charge,
      line.rendering_taxonomy,
      dated.rvu_release_id,
      dated.gpci_release_id,
      dated.place_release_id,
      rvu.status_code,
      rvu.multiple_procedure,
      rvu.bilateral_surgery,
      rvu.global_days,
      rvu.conversion_factor,
      rvu.work_rvu + rvu.malpractice_rvu + rvu.facility_pe_rvu + rvu.non_facility_pe_rvu
      > 0 as has_relative_values,
      place.is_facility,
      zip.plus_four_required and line.carrier is null as plus_four_required,
      gpci.release_id is not null as locality_found,
      (
        rvu.work_rvu * weight.work
        + case
          when place.is_facility then rvu.facility_pe_rvu else rvu.non_facility_pe_rvu
        end * gpci.practice_expense_gpci
        + rvu.malpractice_rvu * gpci.malpractice_gpci
      ) * rvu.conversion_factor as fee,
      case
        when
          rvu.opps_non_facility_pe_rvu <> 0
          or rvu.opps_facility_pe_rvu <> 0
          or rvu.opps_malpractice_rvu <> 0
          then (
            rvu.work_rvu * weight.work
            + case
              when place.is_facility then rvu.opps_facility_pe_rvu
              else rvu.opps_non_facility_pe_rvu
            end * gpci.practice_expense_gpci
            + rvu.opps_malpractice_rvu * gpci.malpractice_gpci
          ) * rvu.conversion_factor
      end as opps_cap
    from line
    left join dated on line.service_date = dated.service_date
    left join reference.procedure_rvus as rvu
      on
        dated.rvu_release_id = rvu.release_id
        and line.hcpcs = rvu.hcpcs
        and line.row_modifier = rvu.modifier
    left join reference.place_of_service_codes as place
      on
        dated.place_release_id = place.release_id
        and line.place_of_service = place.place_of_service
    left join reference.zip_localities as zip
      on dated.zip_release_id = zip.release_id and left(line.service_zip, 5) = zip.zip5
    left join reference.geographic_indices as gpci
      on
        dated.gpci_release_id = gpci.release_id
        and coalesce(line.carrier, zip.carrier) = gpci.carrier
        and case when line.carrier is null then zip.locality else line.locality end
        = gpci.locality
    cross join lateral (
      select
        case
          when dated.work_floor
            then coalesce(gpci.work_gpci_floored, greatest(gpci.work_gpci, 1.000))
          else gpci.work_gpci
        end as work
    ) as weight
  ),

  -- What else was done for the patient that day, where the status or the indicator
  -- of a line asks for it.
  billed_day as (
    select
      rated.claim_id,
      rated.service_date,
      bool_or(rated.status_code in ('A', 'R', 'C', 'J')) as payable,
      sum(rated.units) filter (
        where rated.multiple_procedure in ('2', '3') and rated.global_days <> 'ZZZ'
      ) as surgeries,
      count(*) filter (where rated.multiple_procedure = '4') as imaging,
      sum(rated.units) filter (where rated.multiple_procedure = '5') as therapy,
      count(*) filter (
        where rated.multiple_procedure = '6' and rated.row_modifier <> '26'
      )
        as cardiovascular,
      count(*) filter (
        where rated.multiple_procedure = '7' and rated.row_modifier <> '26'
      )
        as ophthalmology,
      array_agg(rated.hcpcs) filter (where 'RT' = any(rated.modifiers)) as right_codes,
      array_agg(rated.hcpcs) filter (where 'LT' = any(rated.modifiers)) as left_codes
    from rated
    where rated.status_code in ('A', 'R', 'C', 'J', 'T')
    group by rated.claim_id, rated.service_date
  ),

  judged as (
    select
      rated.*,
      case
        when rated.rvu_release_id is null then 'no_release'
        when rated.row_modifier <> '' and (
          select count(*)
          from unnest(rated.modifiers) as given (modifier)
          where given.modifier in ('26', 'TC', '53')
        ) > 1 then 'modifier_row_missing'
        when rated.status_code is null
          then case
            when rated.row_modifier <> '' and exists (
              select from reference.procedure_rvus as rvu
              where
                rvu.release_id = rated.rvu_release_id and rvu.hcpcs = rated.hcpcs
            ) then 'modifier_row_missing'
            else 'unknown_code'
          end
        when rated.status_code in ('B', 'P') then 'bundled'
        when rated.status_code = 'I' then 'not_valid_for_medicare'
        when rated.status_code = 'N' then 'not_covered'
        when rated.status_code = 'M' then 'reporting_only'
        when rated.status_code in ('D', 'F', 'G', 'H', 'Q') then 'legacy_status'
        when rated.status_code = 'C' then 'contractor_priced'
        when rated.status_code = 'J' then 'anesthesia'
        when rated.status_code in ('X', 'E') then 'other_schedule'
        when not rated.has_relative_values
          then case rated.status_code
            when 'R' then 'contractor_priced' else 'no_relative_values'
          end
        when rated.status_code = 'T' and billed_day.payable then 'injection_bundled'
        when
          rated.modifiers && (
            select array_agg(special.modifier)
            from catalogue.payment_modifiers as special
            where special.effect = 'reason'
          )
          then (
            select min(special.reason_code)
            from catalogue.payment_modifiers as special
            where
              special.modifier = any(rated.modifiers) and special.effect = 'reason'
          )
        when
          left(rated.rendering_taxonomy, 4) in ('363L', '363A', '364S', '133V')
          or rated.rendering_taxonomy in ('1041C0700X', '106H00000X', '101YM0800X')
          then 'provider_type'
        when
          not coalesce(rated.units > 0 and coalesce(rated.charge > 0, true), false)
          then 'not_above_zero'
        when rated.gpci_release_id is null or rated.place_release_id is null
          then 'no_release'
        when rated.is_facility is null then 'place_of_service_unknown'
        when rated.plus_four_required then 'zip_plus_four'
        when not rated.locality_found then 'locality_unknown'
        -- The index is published with the work floor alone, which is no law that day.
        when rated.fee is null then 'no_release'
        when
          rated.bilateral_surgery in ('0', '1', '2')
          and rated.modifiers && array['RT', 'LT']
          and rated.hcpcs = any(billed_day.right_codes)
          and rated.hcpcs = any(billed_day.left_codes)
          then 'bilateral'
        when
          rated.multiple_procedure in ('2', '3') and rated.global_days <> 'ZZZ'
          and billed_day.surgeries > 1 then 'multiple_procedures'
        when
          rated.multiple_procedure = '4' and billed_day.imaging > 1
          then 'multiple_procedures'
        when
          rated.multiple_procedure = '5' and billed_day.therapy > 1
          then 'multiple_procedures'
        when
          rated.multiple_procedure = '6' and rated.row_modifier <> '26'
          and billed_day.cardiovascular > 1 then 'multiple_procedures'
        when
          rated.multiple_procedure = '7' and rated.row_modifier <> '26'
          and billed_day.ophthalmology > 1 then 'multiple_procedures'
      end as reason_code
    from rated
    left join billed_day
      on
        rated.claim_id = billed_day.claim_id
        and rated.service_date = billed_day.service_date
  ),

  priced as (
    select
      judged.*,
      judged.fee * judged.units as full_amount,
      least(judged.fee, judged.opps_cap) * judged.units as capped_amount,
      round(
        least(least(judged.fee, judged.opps_cap) * judged.units, judged.charge), 2
      ) as allowed_amount
    from judged
    where judged.reason_code is null
  )

  select
    priced.claim_id,
    priced.line_number,
    'priced' as pricing_status,
    null::text as reason_code,
    priced.allowed_amount,
    priced.rvu_release_id,
    priced.gpci_release_id,
    array['fee_schedule']
    || case when priced.units <> 1 then array['units'] end
    || case when priced.opps_cap < priced.fee then array['opps_cap'] end
    || case when priced.charge < priced.capped_amount then array['charge'] end
      as step_codes,
    array[priced.conversion_factor]
    || case when priced.units <> 1 then array[priced.units] end
    || case when priced.opps_cap < priced.fee then array[null::numeric] end
    || case when priced.charge < priced.capped_amount then array[null::numeric] end
      as step_factors,
    array[trim_scale(priced.fee)]
    || case when priced.units <> 1 then array[trim_scale(priced.full_amount)] end
    || case
      when priced.opps_cap < priced.fee then array[trim_scale(priced.capped_amount)]
    end
    || case when priced.charge < priced.capped_amount then array[priced.charge] end
      as step_amounts
  from priced
  union all
  select
    judged.claim_id,
    judged.line_number,
    reason.pricing_status,
    judged.reason_code,
    case when reason.pricing_status <> 'pended' then 0.00 end as allowed_amount,
    judged.rvu_release_id,
    judged.gpci_release_id,
    null as step_codes,
    null as step_factors,
    null as step_amounts
  from judged
  inner join catalogue.pricing_reasons as reason
    on judged.reason_code = reason.reason_code;
end;

comment on function pricing.price_lines(pricing.line_to_price [])
is 'The allowed amount of each line with the steps that made it, or a status and reason without amount. Dollars, rounded half up once.';
