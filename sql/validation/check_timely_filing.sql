-- One calendar year, not 365 days. A limit that ends on a Saturday or Sunday runs
-- to the Monday after.
create function validation.check_timely_filing(
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
    'V015' as rule_code,
    'date_of_service' as field,
    line.service_date::text as value
  from staging.claim_lines as line
  inner join staging.claims as claim
    on
      line.claim_id = claim.claim_id
      and line.received_on = claim.received_on
      and claim.batch_id = any(p_batch_ids)
      and claim.received_on = any(p_received_on)
  cross join queue.settings as settings
  cross join
    lateral (
      select (line.service_date + settings.timely_filing)::date as day
    ) as deadline
  where
    line.batch_id = any(p_batch_ids)
    and line.received_on = any(p_received_on)
    and line.service_date < line.received_on - 300
    and (claim.received_at at time zone 'UTC')::date
    > deadline.day
    + case extract(isodow from deadline.day) when 6 then 2 when 7 then 1 else 0 end;
end;

comment on function validation.check_timely_filing(bigint[], date[])
is 'V015: the line was received within the timely filing limit after its from date.';
