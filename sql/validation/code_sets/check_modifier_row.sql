-- 26 and TC are rows of their own: a code without the row does not allow the
-- modifier. A 53 without a row is individual consideration, which pricing pends.
-- One scalar subquery for each such line, because of EXISTS the planner may make a
-- join that reads the lines once for each code of the schedule. It is null for a
-- code that the schedule does not have, which V021 reports.
create function validation.check_modifier_row(
  p_batch_ids bigint[],
  p_received_on date[]
)
returns table (
  claim_id bigint,
  line_number smallint,
  rule_code text,
  field text,
  value text
)
language sql
stable
parallel safe
begin atomic
  select
    line.claim_id,
    line.line_number,
    'V022' as rule_code,
    'modifiers' as field,
    component.modifier as value
  from staging.claim_lines as line
  cross join queue.settings as settings
  inner join reference.periods_in_force as period
    on
      period.kind = 'rvu'
      and settings.qpp_status = period.qpp_status
      and line.service_date between period.valid_from and period.valid_to
  cross join (values ('26'), ('TC')) as component (modifier)
  where
    line.batch_id = any(p_batch_ids)
    and line.received_on = any(p_received_on)
    and line.modifiers && array['26', 'TC']
    and component.modifier = any(line.modifiers)
    and not (
      select bool_or(rvu.modifier = component.modifier)
      from reference.procedure_rvus as rvu
      where rvu.release_id = period.release_id and rvu.hcpcs = line.hcpcs
    );
end;

comment on function validation.check_modifier_row(bigint[], date[])
is 'V022: a code billed with modifier 26 or TC has a fee schedule row for it.';
