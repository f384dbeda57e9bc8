create function validation.check_units_whole(
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
    'V031' as rule_code,
    'units' as field,
    line.units::text as value
  from staging.claim_lines as line
  where
    line.batch_id = any(p_batch_ids)
    and line.received_on = any(p_received_on)
    and line.units <> trunc(line.units);
end;

comment on function validation.check_units_whole(bigint[], date[])
is 'V031: the units are a whole number.';
