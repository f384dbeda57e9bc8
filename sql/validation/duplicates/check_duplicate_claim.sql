-- The business key is submitter, claim number and frequency. Of several claims with
-- one key the first that no other rule rejects goes on, so this rule runs after the
-- others. A claim with the key may be in production, wait for its transfer in a
-- validated batch, or stand earlier in the same call. What two calls at the same time
-- cannot see of each other, the registry decides at transfer.
create function validation.check_duplicate_claim(
  p_batch_ids bigint[],
  p_received_on date[],
  p_validated_batch_ids bigint[] default null,
  p_validated_received_on date[] default null
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
      min(claim.claim_id) filter (where rejected.claim_id is null) over (
        partition by
          claim.submitter_id, claim.claim_number_token, claim.frequency_code
        order by claim.claim_id
        rows between unbounded preceding and 1 preceding
      ) as earlier_claim_id
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
  ),

  validated as (
    select
      claim.submitter_id,
      claim.claim_number_token,
      claim.frequency_code,
      min(claim.claim_id) as claim_id
    from staging.claims as claim
    where
      claim.batch_id = any(p_validated_batch_ids)
      and claim.received_on = any(p_validated_received_on)
      and not exists (
        select from staging.failed_claims as failed
        where failed.claim_id = claim.claim_id and failed.resolution <> 'retried'
      )
    group by claim.submitter_id, claim.claim_number_token, claim.frequency_code
  )

  select
    keyed.claim_id,
    0::smallint as line_number,
    'V040' as rule_code,
    'claim_number' as field,
    'claim '
    || coalesce(registry.claim_id, validated.claim_id, keyed.earlier_claim_id) as value
  from keyed
  left join queue.claim_registry as registry
    on
      keyed.submitter_id = registry.submitter_id
      and keyed.claim_number_token = registry.claim_number_token
      and keyed.frequency_code = registry.frequency_code
  left join validated
    on
      keyed.submitter_id = validated.submitter_id
      and keyed.claim_number_token = validated.claim_number_token
      and keyed.frequency_code = validated.frequency_code
  where
    coalesce(registry.claim_id, validated.claim_id, keyed.earlier_claim_id) is not null;
end;

comment on function validation.check_duplicate_claim(bigint[], date[], bigint[], date[])
is 'V040: no other claim in production, in the given validated batches or earlier in the call has the same submitter, claim number and frequency code.';
