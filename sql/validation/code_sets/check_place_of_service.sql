-- An unassigned code has no payment setting and is as wrong as an unknown one.
create function validation.check_place_of_service(
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
    'V025' as rule_code,
    'place_of_service' as field,
    line.place_of_service as value
  from staging.claim_lines as line
  cross join queue.settings as settings
  inner join reference.periods_in_force as period
    on
      period.kind = 'place_of_service'
      and settings.qpp_status = period.qpp_status
      and line.service_date between period.valid_from and period.valid_to
  where
    line.batch_id = any(p_batch_ids)
    and line.received_on = any(p_received_on)
    and line.place_of_service is not null
    and not exists (
      select from reference.place_of_service_codes as code
      where
        code.release_id = period.release_id
        and code.place_of_service = line.place_of_service
        and code.is_facility is not null
    );
end;

comment on function validation.check_place_of_service(bigint[], date[])
is 'V025: the place of service is a code that CMS assigns.';
