-- Materialized, so that the search by prefix, which no hash can answer, is made for
-- the few codes that are not on the list and never for all.
create function validation.check_diagnosis_in_force(
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
  with unlisted as materialized (
    select
      claim.claim_id,
      diagnosis.icd10cm,
      diagnosis.position,
      period.release_id
    from staging.claims as claim
    cross join queue.settings as settings
    inner join reference.periods_in_force as period
      on
        period.kind = 'icd10cm'
        and settings.qpp_status = period.qpp_status
        and claim.first_service_date between period.valid_from and period.valid_to
    cross join
      lateral unnest(claim.diagnoses)
      with ordinality as diagnosis (icd10cm, position)
    where
      claim.batch_id = any(p_batch_ids)
      and claim.received_on = any(p_received_on)
      and diagnosis.icd10cm is not null
      and not exists (
        select from reference.diagnosis_codes as code
        where
          code.release_id = period.release_id and code.icd10cm = diagnosis.icd10cm
      )
  )

  select
    unlisted.claim_id,
    0::smallint as line_number,
    'V023' as rule_code,
    format('diagnoses[%s]', unlisted.position - 1) as field,
    unlisted.icd10cm as value
  from unlisted
  where (
    select code.icd10cm
    from reference.diagnosis_codes as code
    where
      code.release_id = unlisted.release_id
      and code.icd10cm > unlisted.icd10cm
      and code.icd10cm < unlisted.icd10cm || '~'
    limit 1
  ) is null;
end;

comment on function validation.check_diagnosis_in_force(bigint[], date[])
is 'V023: each diagnosis is an ICD-10-CM code, or the beginning of one, on the date of service.';
