-- The wait doubles with each attempt, and up to half of it is left to chance, so that
-- batches that failed together do not come back together.
create function pipeline._record_failure(
  p_batch_ids bigint[],
  p_stage text,
  p_code text,
  p_message text,
  p_max_attempts integer
)
returns integer
language plpgsql
set search_path = pg_catalog, pg_temp
as $$
declare
  v_failed integer;
begin
  with attempted as (
    update queue.batches as batch
    set
      attempts = batch.attempts + 1,
      leased_by = null,
      leased_until = null,
      last_sqlstate = p_code,
      last_error = p_message,
      state = case
        when batch.attempts + 1 < p_max_attempts then batch.state else 'failed'
      end,
      failed_from = case when batch.attempts + 1 >= p_max_attempts then batch.state end,
      failed_at = case when batch.attempts + 1 >= p_max_attempts then now() end,
      next_attempt_at = case
        when batch.attempts + 1 < p_max_attempts
          then maintenance.clock() + (clock_timestamp() - now()) + (0.5 + random() / 2) * least(
            settings.retry_backoff * power(2, least(batch.attempts, 30)),
            settings.retry_backoff_limit
          )
      end
    from queue.settings as settings
    where
      batch.batch_id = any(p_batch_ids) and batch.state not in ('transferred', 'failed')
    returning
      batch.batch_id,
      batch.submitter_id,
      batch.state,
      batch.attempts,
      batch.first_claim_id,
      batch.last_claim_id
  ),

  audited as (
    select auditing.record_event(
      case attempted.state
        when 'failed' then 'batches.failed' else 'batches.attempt_failed'
      end,
      attempted.submitter_id,
      array_agg(attempted.batch_id order by attempted.batch_id),
      min(attempted.first_claim_id),
      max(attempted.last_claim_id),
      jsonb_strip_nulls(
        jsonb_build_object(
          'stage', p_stage, 'attempts', attempted.attempts, 'code', p_code,
          'message', p_message
        )
      )
    ) as event
    from attempted
    group by attempted.submitter_id, attempted.state = 'failed', attempted.state,
      attempted.attempts
  ),

  notified as (
    select pg_notify('claims_batches', attempted.batch_id::text) as notice
    from attempted
    where attempted.state = 'failed'
  )

  select (select count(*) from attempted where attempted.state = 'failed')
  into v_failed
  from (select count(audited.event) from audited) as written
  cross join (select count(notified.notice) from notified) as told;
  return v_failed;
end;
$$;

comment on function pipeline._record_failure(bigint[], text, text, text, integer)
is 'Counts a failed attempt of a stage for batches: sets when the next one is due, or makes them failed when p_max_attempts is reached; returns how many became failed.';
