-- One transaction: registry, lines, claims, findings, scores, batch state and audit
-- event together.
create function transfer.move_batches(p_batch_ids bigint[])
returns table (
  batch_id bigint,
  claims_moved integer,
  lines_moved integer,
  claims_pended integer,
  claims_failed integer,
  allowed_total numeric
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
  v_states text[] := pipeline._due_states('transfer');
  v_started_at timestamptz := clock_timestamp();
  v_batch_ids bigint[];
  v_received_on date[];
  v_retried bigint[];
  v_failed bigint[];
  v_lost bigint[];
  v_lost_ids bigint[];
  v_lost_claims integer[];
  v_lines pricing.line_to_price[];
  v_moved pipeline.stage_outcome[];
  v_outcomes pipeline.stage_outcome[];
  v_seconds real;
begin
  -- Locked in id order and in the expected state; all that follows uses these alone.
  select
    array_agg(locked.batch_id),
    array_agg(distinct locked.received_on),
    array_agg(locked.batch_id) filter (where locked.retried_count > 0)
  into v_batch_ids, v_received_on, v_retried
  from (
    select batch.batch_id, batch.received_on, batch.retried_count
    from queue.batches as batch
    where
      batch.batch_id = any(p_batch_ids)
      and batch.state = any(v_states)
      and not batch.hold
    order by batch.batch_id
    for update
  ) as locked;
  if v_batch_ids is null then
    return;
  end if;

  -- A retried claim failed in one batch and may stand in another one of these. The
  -- array is joined as rows, whose number the planner knows: by `<> all` it takes some
  -- thousand of failed claims for a sign that none are left, and joins in nested loops.
  select coalesce(array_agg(failed.claim_id), '{}') into v_failed
  from staging.failed_claims as failed
  where failed.batch_id = any(v_batch_ids) and failed.resolution <> 'retried';

  v_lost := transfer._register_claims(v_batch_ids, v_received_on, v_failed);
  select array_agg(lost.batch_id), array_agg(lost.claims)
  into v_lost_ids, v_lost_claims
  from transfer._fail_duplicates(v_batch_ids, v_received_on, v_lost) as lost;
  v_failed := v_failed || v_lost;

  v_lines := transfer._choose_lines(v_batch_ids, v_received_on, v_failed);
  v_moved := transfer._move_rows(v_batch_ids, v_received_on, v_failed, v_lines);
  v_seconds := extract(epoch from clock_timestamp() - v_started_at);

  -- What is still on its way by a retry has arrived.
  if v_retried is not null then
    update staging.failed_claims as failed
    set resolution = 'resolved', resolved_at = now()
    where failed.retried_batch_id = any(v_retried) and failed.resolution = 'retried';
  end if;

  -- Of a batch whose claims all failed, nothing was moved.
  select array_agg(
    row(
      id.batch_id,
      lost.claims,
      coalesce(moved.claims_moved, 0),
      coalesce(moved.lines_moved, 0),
      coalesce(moved.claims_pended, 0),
      coalesce(moved.claims_denied, 0),
      coalesce(moved.claims_below_threshold, 0),
      coalesce(moved.allowed_total, 0)
    )::pipeline.stage_outcome
  )
  into v_outcomes
  from unnest(v_batch_ids) as id (batch_id)
  left join unnest(v_moved) as moved on id.batch_id = moved.batch_id
  left join unnest(v_lost_ids, v_lost_claims) as lost (batch_id, claims)
    on id.batch_id = lost.batch_id;

  return query
  with transferred as (
    select ended.*
    from pipeline._end_stage(
      'transferred', v_batch_ids, v_outcomes, v_seconds
    ) as ended
  ),

  audited as (
    select auditing.record_event(
      'batches.transferred',
      transferred.submitter_id,
      array_agg(transferred.batch_id order by transferred.batch_id),
      min(transferred.first_claim_id),
      max(transferred.last_claim_id),
      jsonb_build_object(
        'claims', sum(transferred.claims_moved),
        'lines', sum(transferred.lines_moved),
        'pended', sum(transferred.claims_pended),
        'denied', sum(transferred.claims_denied),
        'below_threshold', sum(transferred.claims_below_threshold),
        'failed', sum(transferred.claims_failed),
        'allowed_total', sum(transferred.allowed_total)
      )
    ) as event
    from transferred
    group by transferred.submitter_id
  )

  select
    transferred.batch_id,
    transferred.claims_moved,
    transferred.lines_moved,
    transferred.claims_pended,
    transferred.claims_failed,
    transferred.allowed_total
  from transferred
  cross join (select count(audited.event) from audited) as written
  order by transferred.batch_id;

  -- What came in must have gone somewhere: this cannot happen, and says so if it does.
  if exists (
    select from queue.batches as batch
    where
      batch.batch_id = any(v_batch_ids)
      and batch.claim_count <> batch.claims_moved + batch.claims_failed
  ) then
    raise exception using
      errcode = 'TX001',
      message = format('claims of batches %s are neither moved nor failed', v_batch_ids),
      hint = 'Nothing was moved. Report this with the batch ids: it is a defect.';
  end if;
end;
$$;

comment on function transfer.move_batches(bigint[])
is 'Prices and moves those of the given batches that are scored, or validated where no score is required, and not held: production rows, registry, state and audit event in one transaction. TX001.';
