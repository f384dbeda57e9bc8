-- Each rule is told what it looks at of a line; a new one is a line here.
create function pricing.apply_line_rules(p_lines pricing.rated_line [])
returns setof pricing.line_effect
language sql
stable
parallel safe
begin atomic
  select
    line.position,
    effect.step_code,
    effect.factor,
    effect.ceiling,
    effect.reason_code
  from unnest(p_lines) as line
  cross join lateral (
    select *
    from
      pricing.apply_row(
        line.rvu_release_id, line.status_code, line.hcpcs, line.modifiers,
        line.row_modifier
      )
    union all
    select * from pricing.apply_status(line.status_code)
    union all
    select *
    from pricing.apply_relative_values(line.status_code, line.has_relative_values)
    union all
    select * from pricing.apply_role(line.modifiers)
    union all
    select * from pricing.apply_provider_type(line.rendering_taxonomy)
    union all
    select * from pricing.apply_quantity(line.units, line.charge)
    union all
    select *
    from
      pricing.apply_setting(
        line.gpci_release_id, line.place_release_id, line.is_facility
      )
    union all
    select *
    from
      pricing.apply_locality(
        line.names_carrier, line.service_zip, line.zip_list_complete, line.zip_listed,
        line.plus_four_required, line.locality_found
      )
    union all
    select *
    from pricing.apply_fee_schedule(line.locality_found, line.status_code, line.fee)
    union all
    select * from pricing.apply_opps_cap(line.units, line.fee, line.opps_cap)
  ) as effect;
end;

comment on function pricing.apply_line_rules(pricing.rated_line [])
is 'What the rules that look at one line say of these lines.';
