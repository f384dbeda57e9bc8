-- Compared with the day after receipt in UTC, because a service of today may be
-- sent from a time zone whose day is still ahead.
create function validation.check_service_date_not_future(
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
    'V013' as rule_code,
    future.field,
    future.day::text as value
  from staging.claim_lines as line
  cross join
    lateral (
      values
      ('date_of_service', line.service_date),
      ('date_of_service_to', line.service_date_to)
    ) as future (field, day)
  where
    line.batch_id = any(p_batch_ids)
    and line.received_on = any(p_received_on)
    and greatest(line.service_date, line.service_date_to) > line.received_on + 1
    and future.day > line.received_on + 1;
end;

comment on function validation.check_service_date_not_future(bigint[], date[])
is 'V013: the dates of service are not after the day of receipt, in any time zone.';
