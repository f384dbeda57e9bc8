create function pipeline.retry_failed_claims_by_rule(
  p_submitter text,
  p_rule_code text,
  p_max_claims integer default 25000
)
returns table (claim_id bigint, batch_id bigint)
language plpgsql
security definer
set search_path = pg_catalog, pg_temp
as $$
#variable_conflict use_column
declare
  v_submitter_id integer := pipeline._submitter_id(p_submitter);
  v_claim_ids bigint[];
begin
  if not exists (
    select from reference.rules as rule where rule.rule_code = p_rule_code
  ) then
    raise exception using
      errcode = 'PL012',
      message = format('claims that the rule %L failed cannot be retried', p_rule_code),
      hint = 'Take a rule from claims failed; claims that could not be decoded (D000) have to be corrected.';
  end if;

  select array_agg(locked.claim_id) into v_claim_ids
  from (
    select failed.claim_id
    from staging.failed_claims as failed
    where
      failed.submitter_id = v_submitter_id
      and failed.resolution = 'open'
      and failed.staged_claim is not null
      and failed.rule_codes @> array[p_rule_code]
    order by failed.claim_id
    limit p_max_claims
    for update
  ) as locked;
  if v_claim_ids is null then
    return;
  end if;
  return query
  select * from pipeline._retry_claims(v_claim_ids, 'rule ' || p_rule_code);
end;
$$;

comment on function pipeline.retry_failed_claims_by_rule(text, text, integer)
is 'Puts up to p_max_claims open claims of a submitter that a rule failed on their way again; returns which claim is in which batch. PL001, PL012: no such rule, or D000.';
