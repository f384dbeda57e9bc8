-- The business key is submitter, claim number and frequency. Of several claims
-- with one key the first that no other rule rejects goes on, so this rule runs after
-- the others. What two calls at the same time cannot see of each other, the registry
-- decides at transfer.
create function validation.check_duplicate_claim(
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
  with keyed as (
    select
      claim.claim_id,
      claim.submitter_id,
      claim.claim_number_token,
      claim.frequency_code,
      count(*) filter (where rejected.claim_id is null) over (
        partition by
          claim.submitter_id, claim.claim_number_token, claim.frequency_code
        order by claim.claim_id
        rows between unbounded preceding and 1 preceding
      ) as accepted_before
    from staging.claims as claim
    left join (
      select finding.claim_id
      from staging.claim_findings as finding
      where
        finding.batch_id = any(p_batch_ids)
        and finding.received_on = any(p_received_on)
        and finding.disposition = 'reject_claim'
      group by finding.claim_id
    ) as rejected
      on claim.claim_id = rejected.claim_id
    where
      claim.batch_id = any(p_batch_ids)
      and claim.received_on = any(p_received_on)
  )

  select
    keyed.claim_id,
    0::smallint as line_number,
    'V040' as rule_code,
    'claim_number' as field,
    case
      when registry.claim_id is not null
        then 'claim ' || registry.claim_id || ' in production'
      else 'an earlier claim in the same call'
    end as value
  from keyed
  left join production.claim_registry as registry
    on
      keyed.submitter_id = registry.submitter_id
      and keyed.claim_number_token = registry.claim_number_token
      and keyed.frequency_code = registry.frequency_code
  where keyed.accepted_before > 0 or registry.claim_id is not null;
end;

comment on function validation.check_duplicate_claim(bigint[], date[])
is 'V040: no earlier claim has the same submitter, claim number and frequency code.';
