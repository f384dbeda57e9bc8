-- Surgeries and endoscopies of a day rank unit by unit, add-ons apart (chapter 12,
-- section 40.6).
create function pricing.apply_surgery(p_lines pricing.rated_line [])
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
    where line.global_days <> 'ZZZ'
  ) as ranked
  where ranked.ranks > 1;
end;

comment on function pricing.apply_surgery(pricing.rated_line [])
is 'Step multiple_procedures: more than one surgery or endoscopy of a day (indicators 2 and 3).';
