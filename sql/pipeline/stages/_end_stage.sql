-- The end of each stage, in its transaction: one update, so that a batch has one new
-- row a stage, and one notice a batch. The lease ends, and with it what failed attempts
-- left behind: these count for one stage.
create function pipeline._end_stage(
  p_state text,
  p_batch_ids bigint[],
  p_outcomes pipeline.stage_outcome [],
  p_seconds real
)
returns setof queue.batches
language plpgsql
set search_path = pg_catalog, pg_temp
as $$
begin
  return query
  with ended as (
    update queue.batches as batch
    set
      state = p_state,
      validated_at = case p_state when 'validated' then now() else batch.validated_at end,
      scored_at = case p_state when 'scored' then now() else batch.scored_at end,
      transferred_at = case
        p_state when 'transferred' then now() else batch.transferred_at
      end,
      validate_seconds = case
        p_state when 'validated' then p_seconds else batch.validate_seconds
      end,
      score_seconds = case
        p_state when 'scored' then p_seconds else batch.score_seconds
      end,
      transfer_seconds = case
        p_state when 'transferred' then p_seconds else batch.transfer_seconds
      end,
      claims_failed = batch.claims_failed + coalesce(came.claims_failed, 0),
      claims_moved = coalesce(came.claims_moved, batch.claims_moved),
      lines_moved = coalesce(came.lines_moved, batch.lines_moved),
      claims_pended = coalesce(came.claims_pended, batch.claims_pended),
      claims_denied = coalesce(came.claims_denied, batch.claims_denied),
      claims_below_threshold = coalesce(
        came.claims_below_threshold, batch.claims_below_threshold
      ),
      allowed_total = coalesce(came.allowed_total, batch.allowed_total),
      attempts = 0,
      next_attempt_at = null,
      leased_by = null,
      leased_until = null,
      last_sqlstate = null,
      last_error = null
    from unnest(p_batch_ids) as id (batch_id)
    left join unnest(p_outcomes) as came on id.batch_id = came.batch_id
    where batch.batch_id = id.batch_id
    returning batch.*
  ),

  notified as (
    select pg_notify('claims_batches', ended.batch_id::text) as notice
    from ended
  )

  select ended.*
  from ended
  cross join (select count(notified.notice) from notified) as told
  order by ended.batch_id;
end;
$$;

comment on function pipeline._end_stage(
  text, bigint[], pipeline.stage_outcome [], real
)
is 'Puts batches into the state that a stage leads to, with what it came to and how long it took, ends their leases and failed attempts, and notifies of each; returns them as they now are.';
