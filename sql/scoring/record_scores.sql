-- Last statement of the stage: the scores were copied in the same transaction. What
-- is checked is that each claim that did not fail has a score, and that no score is
-- there without such a claim; the primary key sees to it that none has two.
create function scoring.record_scores(p_batch_ids bigint[], p_seconds real)
returns table (
  batch_id bigint,
  claims_scored integer,
  claims_below_threshold integer
)
language plpgsql
security definer
set search_path = pg_catalog, pg_temp
set plan_cache_mode = 'force_custom_plan'
set jit = off
set max_parallel_workers_per_gather = 0
as $$
#variable_conflict use_column
declare
  v_started_at timestamptz := clock_timestamp();
  v_batch_ids bigint[];
  v_received_on date[];
  v_counted_ids bigint[];
  v_scored integer[];
  v_below integer[];
  v_failed bigint[];
  v_wrong bigint[];
  v_seconds real;
begin
  -- Locked in id order and in the expected state; all that follows uses these alone.
  select array_agg(locked.batch_id), array_agg(distinct locked.received_on)
  into v_batch_ids, v_received_on
  from (
    select batch.batch_id, batch.received_on
    from queue.batches as batch
    where batch.batch_id = any(p_batch_ids) and batch.state = 'validated'
    order by batch.batch_id
    for update
  ) as locked;
  if v_batch_ids is null then
    return;
  end if;

  -- Joined as the rows of an array, whose number the planner knows.
  select coalesce(array_agg(failed.claim_id), '{}') into v_failed
  from staging.failed_claims as failed
  where failed.batch_id = any(v_batch_ids) and failed.resolution <> 'retried';

  with expected as (
    select claim.claim_id, claim.batch_id
    from staging.claims as claim
    where
      claim.batch_id = any(v_batch_ids)
      and claim.received_on = any(v_received_on)
      and not exists (
        select from unnest(v_failed) as failed (claim_id)
        where failed.claim_id = claim.claim_id
      )
  ),

  scored as (
    select score.claim_id, score.batch_id, score.decision
    from staging.claim_scores as score
    where
      score.batch_id = any(v_batch_ids)
      and score.received_on = any(v_received_on)
  ),

  counted as (
    select
      coalesce(expected.batch_id, scored.batch_id) as batch_id,
      count(*) as claims,
      count(*) filter (where scored.decision = 'review') as below,
      count(*) filter (where expected.claim_id is null or scored.claim_id is null)
        as wrong
    from expected
    full join scored
      on expected.claim_id = scored.claim_id and expected.batch_id = scored.batch_id
    group by coalesce(expected.batch_id, scored.batch_id)
  )

  select
    array_agg(counted.batch_id),
    array_agg(counted.claims::integer),
    array_agg(counted.below::integer),
    array_agg(counted.batch_id order by counted.batch_id)
      filter (where counted.wrong > 0)
  into v_counted_ids, v_scored, v_below, v_wrong
  from counted;

  if v_wrong is not null then
    raise exception using
      errcode = 'SC001',
      message = format('the claims of batches %s and their scores differ', v_wrong),
      hint = 'Nothing was kept. In one transaction, call scoring.take_features, copy one score for each of its rows into staging.claim_scores, then call this.';
  end if;

  v_seconds := p_seconds + extract(epoch from clock_timestamp() - v_started_at);
  return query
  with ended as (
    select batch.*
    from pipeline._end_stage('scored', v_batch_ids, null, v_seconds) as batch
  ),

  marked as (
    select
      ended.batch_id,
      ended.submitter_id,
      ended.first_claim_id,
      ended.last_claim_id,
      coalesce(counted.scored, 0) as scored,
      coalesce(counted.below, 0) as below
    from ended
    left join unnest(v_counted_ids, v_scored, v_below)
      as counted (batch_id, scored, below)
      on ended.batch_id = counted.batch_id
  ),

  audited as (
    select auditing.record_event(
      'batches.scored',
      marked.submitter_id,
      array_agg(marked.batch_id order by marked.batch_id),
      min(marked.first_claim_id),
      max(marked.last_claim_id),
      jsonb_build_object(
        'claims', sum(marked.scored), 'below_threshold', sum(marked.below)
      )
    ) as event
    from marked
    group by marked.submitter_id
  )

  select marked.batch_id, marked.scored, marked.below
  from marked
  cross join (select count(audited.event) from audited) as written
  order by marked.batch_id;
end;
$$;

comment on function scoring.record_scores(bigint[], real)
is 'Ends the scoring of those of the given batches that are validated: checks their scores, sets the state and writes the audit event. p_seconds: what the stage took before this call. SC001.';
