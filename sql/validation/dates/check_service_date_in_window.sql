-- Older dates have no production partition.
create function validation.check_service_date_in_window(
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
    'V014' as rule_code,
    'date_of_service' as field,
    line.service_date::text as value
  from staging.claim_lines as line
  cross join queue.settings as settings
  where
    line.batch_id = any(p_batch_ids)
    and line.received_on = any(p_received_on)
    and line.service_date < (
      date_trunc('month', line.received_on::timestamp)
      - make_interval(months => settings.service_months_back)
    );
end;

comment on function validation.check_service_date_in_window(bigint[], date[])
is 'V014: the date of service is one for which production partitions are kept.';
