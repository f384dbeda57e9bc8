-- Never silently passed: codes that nothing loaded can judge are reported as such.
-- The dates that all three lists serve are worked out once; what lies outside is
-- looked at list by list.
create function validation.check_release_loaded(
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
  with list as materialized (
    select
      kind.name as kind,
      kind.field,
      coalesce(served.dates, '{}'::datemultirange) as served_dates
    from (
      values
      ('rvu', 'hcpcs'),
      ('icd10cm', 'diagnoses'),
      ('place_of_service', 'place_of_service')
    ) as kind (name, field)
    left join (
      select
        period.kind,
        range_agg(daterange(period.valid_from, period.valid_to, '[]')) as dates
      from reference.periods_in_force as period
      inner join queue.settings as settings on period.qpp_status = settings.qpp_status
      group by period.kind
    ) as served
      on kind.name = served.kind
  )

  select
    line.claim_id,
    line.line_number,
    'V026' as rule_code,
    list.field,
    line.service_date::text as value
  from staging.claim_lines as line
  cross join list
  where
    line.batch_id = any(p_batch_ids)
    and line.received_on = any(p_received_on)
    and not (
      select range_intersect_agg(every.served_dates) from list as every
    ) @> line.service_date
    and list.kind <> 'icd10cm'
    and not list.served_dates @> line.service_date
  union all
  select
    claim.claim_id,
    0::smallint as line_number,
    'V026' as rule_code,
    list.field,
    claim.first_service_date::text as value
  from staging.claims as claim
  cross join list
  where
    claim.batch_id = any(p_batch_ids)
    and claim.received_on = any(p_received_on)
    and list.kind = 'icd10cm'
    and not list.served_dates @> claim.first_service_date;
end;

comment on function validation.check_release_loaded(bigint[], date[])
is 'V026: a release of each code list is in force on the date of service: for diagnoses the first of the claim, else that of the line.';
