-- Rules that look at what else was done that day; a new one is a line here.
create function pricing.apply_day_rules(
  p_beside_injection pricing.rated_line [],
  p_sided pricing.rated_line [],
  p_surgery pricing.rated_line [],
  p_imaging pricing.rated_line [],
  p_therapy pricing.rated_line [],
  p_cardiovascular pricing.rated_line [],
  p_ophthalmology pricing.rated_line []
)
returns setof pricing.line_effect
language sql
stable
parallel safe
begin atomic
  select
    said.position,
    said.step_code,
    said.factor,
    said.ceiling,
    said.reason_code
  from (
    select * from pricing.apply_injection(p_beside_injection)
    union all
    select * from pricing.apply_bilateral(p_sided)
    union all
    select * from pricing.apply_surgery(p_surgery)
    union all
    select * from pricing.apply_imaging(p_imaging)
    union all
    select * from pricing.apply_therapy(p_therapy)
    union all
    select * from pricing.apply_cardiovascular(p_cardiovascular)
    union all
    select * from pricing.apply_ophthalmology(p_ophthalmology)
  ) as said;
end;

comment on function pricing.apply_day_rules(
  pricing.rated_line [], pricing.rated_line [], pricing.rated_line [],
  pricing.rated_line [], pricing.rated_line [], pricing.rated_line [],
  pricing.rated_line []
)
is 'What the rules that look at a day say of payable lines, each of the lines that it ranks or compares.';
