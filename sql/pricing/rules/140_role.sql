-- Modifiers that change the amount by a rule that is not applied here: bilateral,
-- assistants, co-surgeons and teams, parts of the global package, and what depends on
-- documentation (Medicare Claims Processing Manual, chapter 12, section 40).
create function pricing.apply_role(
  p_modifiers text[]
)
returns table (step_code text, factor numeric, ceiling numeric, reason_code text)
language sql
stable
parallel safe
begin atomic
  select
    'role' as step_code,
    null::numeric as factor,
    null::numeric as ceiling,
    special.reason_code
  from catalogue.payment_modifiers as special
  where
    p_modifiers is not null
    and special.effect = 'reason'
    and special.modifier = any(p_modifiers);
end;

comment on function pricing.apply_role(
  text[]
)
is 'Step role: modifiers of catalogue.payment_modifiers for which the line waits.';
