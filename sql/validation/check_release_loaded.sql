-- Never silently passed: codes that nothing loaded can judge are reported as such.
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
  select
    claim.claim_id,
    0::smallint as line_number,
    'V026' as rule_code,
    list.field,
    claim.first_service_date::text as value
  from staging.claims as claim
  cross join queue.settings as settings
  cross join (
    values
    ('rvu', 'hcpcs'), ('icd10cm', 'diagnoses'), ('place_of_service', 'place_of_service')
  ) as list (kind, field)
  where
    claim.batch_id = any(p_batch_ids)
    and claim.received_on = any(p_received_on)
    and claim.first_service_date is not null
    and not exists (
      select from reference.periods_in_force as period
      where
        period.kind = list.kind
        and period.qpp_status = settings.qpp_status
        and claim.first_service_date between period.valid_from and period.valid_to
    );
end;

comment on function validation.check_release_loaded(bigint[], date[])
is 'V026: a release of each code list is in force on the date of service.';
