-- One calendar year, not 365 days. A limit that ends on a day off runs to the next
-- workday, which is looked up for the lines of those few days alone. The cut-off,
-- with some days to spare for months of different lengths, is computed once, and
-- keeps the other lines out of the join.
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
      select
        (claim.received_at at time zone 'UTC')::date as received,
        (line.service_date + settings.timely_filing)::date as day
    ) as deadline
  where
    line.batch_id = any(p_batch_ids)
    and line.received_on = any(p_received_on)
    and line.service_date < (
      select max(received.day) - filing.timely_filing + interval '4 days'
      from unnest(p_received_on) as received (day)
      cross join queue.settings as filing
      group by filing.timely_filing
    )
    and case
      when deadline.received > deadline.day + 3 then true
      when deadline.received > deadline.day
        then deadline.received > validation.next_workday(deadline.day)
      else false
    end;
end;

comment on function validation.check_timely_filing(bigint[], date[])
is 'V015: the line was received within the timely filing limit after its from date; a limit that ends on a weekend or federal holiday runs to the next workday.';
