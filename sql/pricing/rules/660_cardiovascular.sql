-- Diagnostic cardiovascular services of a day rank line by line: the technical part of
-- all after the highest is reduced, and professional parts take no part.
create function pricing.apply_cardiovascular(p_lines pricing.rated_line [])
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
    where line.row_modifier <> '26'
  ) as ranked
  where ranked.ranks > 1;
end;

comment on function pricing.apply_cardiovascular(pricing.rated_line [])
is 'Step multiple_procedures: more than one technical part of diagnostic cardiovascular services of a day (indicator 6).';
