-- A code on the right and on the left side of one day is bilateral by its indicator 0,
-- 1 or 2, on two lines as well as on one (chapter 12, section 40.7).
create function pricing.apply_bilateral(p_lines pricing.rated_line [])
returns setof pricing.line_effect
language sql
stable
parallel safe
begin atomic
  select
    ranked.position,
    'bilateral' as step_code,
    null::numeric as factor,
    null::numeric as ceiling,
    'bilateral' as reason_code
  from (
    select
      line.position,
      line.bilateral_surgery,
      line.modifiers,
      bool_or('RT' = any(line.modifiers)) over same_code as on_the_right,
      bool_or('LT' = any(line.modifiers)) over same_code as on_the_left
    from unnest(p_lines) as line
    window same_code as (partition by line.claim_id, line.service_date, line.hcpcs)
  ) as ranked
  where
    ranked.bilateral_surgery in ('0', '1', '2')
    and ranked.on_the_right
    and ranked.on_the_left;
end;

comment on function pricing.apply_bilateral(pricing.rated_line [])
is 'Step bilateral: a code billed for both sides of one day.';
