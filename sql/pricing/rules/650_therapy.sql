-- Therapy ranks unit by unit: the practice expense of all units after the highest is
-- reduced.
create function pricing.apply_therapy(p_lines pricing.rated_line [])
returns setof pricing.line_effect
language sql
stable
parallel safe
begin atomic
  select
    ranked.position,
    'multiple_procedures' as step_code,
    null::numeric as factor,
    null::numeric as ceiling,
    'multiple_procedures' as reason_code
  from (
    select
      line.position,
      sum(line.units) over (
        partition by line.claim_id, line.service_date
      ) as ranks
    from unnest(p_lines) as line
  ) as ranked
  where ranked.ranks > 1;
end;

comment on function pricing.apply_therapy(pricing.rated_line [])
is 'Step multiple_procedures: more than one unit of therapy of a day (indicator 5).';
