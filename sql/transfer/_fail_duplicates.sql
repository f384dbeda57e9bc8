-- What lost the race for its business key fails as it would have failed in validation,
-- had the other claim been there by then.
create function transfer._fail_duplicates(
  p_batch_ids bigint[],
  p_received_on date[],
  p_claim_ids bigint[]
)
returns table (batch_id bigint, claims integer)
language plpgsql
set search_path = pg_catalog, pg_temp
as $$
#variable_conflict use_column
begin
  if p_claim_ids = '{}' then
    return;
  end if;
  insert into staging.claim_findings (
    claim_id, line_number, batch_id, received_on, submitter_id, rule_code,
    disposition, field, value
  )
  select
    claim.claim_id,
    0,
    claim.batch_id,
    claim.received_on,
    claim.submitter_id,
    rule.rule_code,
    rule.disposition,
    'claim_number',
    'claim ' || registry.claim_id
  from staging.claims as claim
  inner join queue.claim_registry as registry
    on
      claim.submitter_id = registry.submitter_id
      and claim.claim_number_token = registry.claim_number_token
      and claim.frequency_code = registry.frequency_code
  cross join reference.rules as rule
  where
    claim.batch_id = any(p_batch_ids)
    and claim.received_on = any(p_received_on)
    and claim.claim_id = any(p_claim_ids)
    and rule.rule_code = 'V040';
  return query
  select failed.batch_id, failed.claims
  from validation.fail_claims(
    p_batch_ids, p_received_on, p_claim_ids, 'transfer', null
  ) as failed;
end;
$$;

comment on function transfer._fail_duplicates(bigint[], date[], bigint[])
is 'Fails claims whose business key another claim has (V040); returns how many of which batch.';
