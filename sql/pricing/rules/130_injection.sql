-- Status T: paid only when nothing else payable under the schedule is billed for the
-- patient, date and provider. Contractor-priced services and anesthesia are payable.
create function pricing.apply_injection(p_lines pricing.rated_line [])
returns setof pricing.line_effect
language sql
stable
parallel safe
begin atomic
  select
    ranked.position,
    'injection' as step_code,
    null::numeric as factor,
    null::numeric as ceiling,
    'injection_bundled' as reason_code
  from (
    select
      line.position,
      line.status_code,
      bool_or(line.status_code in ('A', 'R', 'C', 'J')) over (
        partition by line.claim_id, line.service_date
      ) as beside_payable
    from unnest(p_lines) as line
  ) as ranked
  where ranked.status_code = 'T' and ranked.beside_payable;
end;

comment on function pricing.apply_injection(pricing.rated_line [])
is 'Step injection: a line of status T beside a payable one of its day.';
