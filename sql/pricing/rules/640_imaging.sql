-- Diagnostic imaging of a day ranks line by line: both parts of all after the highest
-- are reduced.
create function pricing.apply_imaging(p_lines pricing.rated_line [])
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
      count(*) over (
        partition by line.claim_id, line.service_date
      ) as ranks
    from unnest(p_lines) as line
  ) as ranked
  where ranked.ranks > 1;
end;

comment on function pricing.apply_imaging(pricing.rated_line [])
is 'Step multiple_procedures: more than one diagnostic imaging service of a day (indicator 4).';
