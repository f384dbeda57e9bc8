-- Stage by stage and group by group, each in its own transaction: a crash loses the
-- stage that was running and nothing else, and its batches are free at once,
-- because only row locks hold them. It takes no batch that a worker has in hand, that
-- is held or that waits for its next attempt. Commits, so it cannot run inside a
-- transaction.
--
-- SQL cannot score. Where scores are required, validation notifies the worker of each
-- batch, and what waits for scores is found again by whoever polls.
create procedure pipeline.process_pending(p_max_claims integer default null)
language plpgsql
as $$
declare
  v_max_claims integer;
  v_batch_ids bigint[];
begin
  set local search_path = pg_catalog, pg_temp;
  select coalesce(p_max_claims, settings.max_claims_per_call) into strict v_max_claims
  from queue.settings as settings;
  call maintenance.ensure_partitions();
  commit;

  loop
    set local search_path = pg_catalog, pg_temp;
    perform maintenance.analyze_staging(array(
      select distinct batch.received_on
      from queue.batches as batch
      where batch.state = 'received'
    ));
    commit;

    set local search_path = pg_catalog, pg_temp;
    v_batch_ids := pipeline._take_batches('validation', v_max_claims);
    exit when v_batch_ids = '{}';
    perform pipeline.run_stage('validation', v_batch_ids);
    commit;

    set local search_path = pg_catalog, pg_temp;
    perform maintenance.analyze_staging(array(
      select distinct batch.received_on
      from queue.batches as batch
      where batch.batch_id = any(v_batch_ids)
    ));
    commit;

    set local search_path = pg_catalog, pg_temp;
    v_batch_ids := pipeline._take_batches('transfer', v_max_claims);
    perform pipeline.run_stage('transfer', v_batch_ids);
    commit;
  end loop;

  loop
    set local search_path = pg_catalog, pg_temp;
    v_batch_ids := pipeline._take_batches('transfer', v_max_claims);
    exit when v_batch_ids = '{}';
    perform pipeline.run_stage('transfer', v_batch_ids);
    commit;
  end loop;
end;
$$;

comment on procedure pipeline.process_pending(integer)
is 'Validates what is received and transfers what is scored, or validated where no score is required, until nothing waits that is not held, in other hands or to be tried again later. It cannot score: pipeline.status says how many wait for scores. Any number may run at once. Commits: call it outside a transaction.';
