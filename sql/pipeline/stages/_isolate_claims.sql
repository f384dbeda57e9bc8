-- Only ever after the stage has failed for all of them together: halves the claims
-- until those that fail by themselves are found. They go to failed_claims with their
-- SQLSTATE and leave staging, so that the stage can run for the rest. A loop over
-- halves, some 2 log2(n) calls of the stage for each claim that is found.
--
-- More than a hundred such claims are no fault of the claims.
create function pipeline._isolate_claims(p_stage text, p_batch_ids bigint[])
returns integer
language plpgsql
set search_path = pg_catalog, pg_temp
set plan_cache_mode = 'force_custom_plan'
as $$
declare
  c_limit constant integer := 100;
  v_batch_ids bigint[];
  v_received_on date[];
  v_claim_ids bigint[];
  v_firsts integer[];
  v_lasts integer[];
  v_first integer;
  v_last integer;
  v_middle integer;
  v_error record;
  v_found bigint[] := '{}';
  v_sqlstates text[] := '{}';
  v_values text[] := '{}';
begin
  select
    array_agg(locked.batch_id),
    array_agg(distinct locked.received_on)
  into v_batch_ids, v_received_on
  from (
    select batch.batch_id, batch.received_on
    from queue.batches as batch
    where batch.batch_id = any(p_batch_ids)
    order by batch.batch_id
    for update
  ) as locked;

  select array_agg(claim.claim_id order by claim.claim_id)
  into v_claim_ids
  from staging.claims as claim
  where
    claim.batch_id = any(v_batch_ids)
    and claim.received_on = any(v_received_on)
    and not exists (
      select from staging.failed_claims as failed
      where failed.claim_id = claim.claim_id and failed.batch_id = claim.batch_id
    );
  if v_claim_ids is null then
    return 0;
  end if;

  v_firsts := array[1];
  v_lasts := array[cardinality(v_claim_ids)];
  while cardinality(v_firsts) > 0 loop
    v_first := v_firsts[cardinality(v_firsts)];
    v_last := v_lasts[cardinality(v_lasts)];
    v_firsts := trim_array(v_firsts, 1);
    v_lasts := trim_array(v_lasts, 1);

    v_error := pipeline._try_claims(
      p_stage, v_batch_ids, v_received_on, v_claim_ids[v_first:v_last]
    );
    continue when v_error.sqlstate_found is null;
    if v_first < v_last then
      v_middle := (v_first + v_last) / 2;
      v_firsts := v_firsts || array[v_middle + 1, v_first];
      v_lasts := v_lasts || array[v_last, v_middle];
      continue;
    end if;
    v_found := v_found || v_claim_ids[v_first];
    v_sqlstates := v_sqlstates || v_error.sqlstate_found;
    v_values := v_values || concat_ws(
      ', ', 'SQLSTATE ' || v_error.sqlstate_found,
      'constraint ' || nullif(v_error.constraint_found, '')
    );
    if cardinality(v_found) > c_limit then
      raise exception using
        errcode = 'PL008',
        message = format(
          'more than %s claims make the stage %s fail, the last with SQLSTATE %s',
          c_limit, p_stage, v_error.sqlstate_found
        ),
        hint = 'So many are no fault of the claims: look for what changed in the schema or the reference data.';
    end if;
  end loop;
  if v_found = '{}' then
    return 0;
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
    rule.field,
    found.value
  from unnest(v_found, v_values) as found (claim_id, value)
  inner join staging.claims as claim on found.claim_id = claim.claim_id
  cross join reference.rules as rule
  where
    claim.batch_id = any(v_batch_ids)
    and claim.received_on = any(v_received_on)
    and rule.rule_code = 'X001';

  update queue.batches as batch
  set claims_failed = batch.claims_failed + failed.claims
  from validation.fail_claims(
    v_batch_ids, v_received_on, v_found, p_stage, null
  ) as failed
  where batch.batch_id = failed.batch_id;

  update staging.failed_claims as failed
  set sqlstate = found.sqlstate
  from unnest(v_found, v_sqlstates) as found (claim_id, sqlstate)
  where failed.claim_id = found.claim_id;

  perform auditing.record_event(
    'claims.isolated',
    batch.submitter_id,
    array_agg(distinct batch.batch_id),
    min(found.claim_id),
    max(found.claim_id),
    jsonb_build_object(
      'stage', p_stage,
      'claims', jsonb_agg(found.claim_id order by found.claim_id),
      'sqlstates', to_jsonb(array_agg(distinct found.sqlstate))
    )
  )
  from unnest(v_found, v_sqlstates) as found (claim_id, sqlstate)
  inner join staging.claims as claim
    on
      found.claim_id = claim.claim_id
      and claim.batch_id = any(v_batch_ids)
      and claim.received_on = any(v_received_on)
  inner join queue.batches as batch on claim.batch_id = batch.batch_id
  group by batch.submitter_id;

  perform pipeline._unstage_claims(v_batch_ids, v_received_on, v_found);
  return cardinality(v_found);
end;
$$;

comment on function pipeline._isolate_claims(text, bigint[])
is 'Finds the claims that make a stage fail, each by itself, and puts them into failed_claims as X001; returns how many. PL008.';
