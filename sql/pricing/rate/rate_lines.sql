-- Row by code, modifier and date; setting by place of service; locality by what the
-- claim names, or else by its ZIP code; fee by the formula. What is not found is null,
-- and rules say what that means.
create function pricing.rate_lines(p_lines pricing.line_to_price [])
returns setof pricing.rated_line
language sql
stable
parallel safe
begin atomic
  with line as (
    select
      given.*,
      pricing.choose_row_modifier(given.modifiers) as row_modifier
    from unnest(p_lines) with ordinality as given (
      claim_id, line_number, service_date, hcpcs, modifiers, place_of_service, units,
      charge, carrier, locality, service_zip, rendering_taxonomy, position
    )
  ),

  serviced as (
    select array_agg(given.service_date) as service_dates
    from (select distinct line.service_date from line) as given
  ),

  dated as materialized (
    select found.*
    from serviced
    cross join lateral pricing.find_releases(serviced.service_dates) as found
  )

  select
    line.position,
    line.claim_id,
    line.line_number,
    line.service_date,
    line.hcpcs,
    line.modifiers,
    line.row_modifier,
    line.units,
    line.charge,
    line.rendering_taxonomy,
    line.service_zip,
    line.carrier is not null as names_carrier,
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
    coalesce(dated.zip_list_complete, false) as zip_list_complete,
    zip.zip5 is not null as zip_listed,
    zip.plus_four_required,
    gpci.release_id is not null as locality_found,
    pricing.compute_fee(
      rvu.work_rvu,
      case
        when place.is_facility then rvu.facility_pe_rvu else rvu.non_facility_pe_rvu
      end,
      rvu.malpractice_rvu,
      weight.work,
      gpci.practice_expense_gpci,
      gpci.malpractice_gpci,
      rvu.conversion_factor
    ) as fee,
    case
      when
        rvu.opps_non_facility_pe_rvu <> 0
        or rvu.opps_facility_pe_rvu <> 0
        or rvu.opps_malpractice_rvu <> 0
        then pricing.compute_fee(
          rvu.work_rvu,
          case
            when place.is_facility then rvu.opps_facility_pe_rvu
            else rvu.opps_non_facility_pe_rvu
          end,
          rvu.opps_malpractice_rvu,
          weight.work,
          gpci.practice_expense_gpci,
          gpci.malpractice_gpci,
          rvu.conversion_factor
        )
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
      pricing.choose_work_index(
        dated.work_floor, gpci.work_gpci, gpci.work_gpci_floored
      ) as work
  ) as weight;
end;

comment on function pricing.rate_lines(pricing.line_to_price [])
is 'Each line with its row of the schedule, setting, locality, fee and cap, as far as they are found.';
