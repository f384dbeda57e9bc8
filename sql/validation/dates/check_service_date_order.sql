create function validation.check_service_date_order(
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
    'V012' as rule_code,
    'date_of_service_to' as field,
    line.service_date_to::text as value
  from staging.claim_lines as line
  where
    line.batch_id = any(p_batch_ids)
    and line.received_on = any(p_received_on)
    and line.service_date_to < line.service_date;
end;

comment on function validation.check_service_date_order(bigint[], date[])
is 'V012: the service does not end before it begins.';
