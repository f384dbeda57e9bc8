-- What a worker and process_pending call. An error of the data (class 22 or 23) is
-- put down to the claims that cause it, and the stage runs again for the others, in
-- the same transaction. Any other error is the caller's, who has nothing to undo.
-- A row that fits no partition is no claim's doing while a partition of the window is
-- missing: these are made before claims are looked at one by one.
--
-- Without statistics of batch ids (see staging) the planner takes ten batches of one
-- claim for a twentieth of the day, and reads whole tables for them. So it is told
-- where few claims come: nested loops over indexes alone; and where many small batches
-- come: any join, but by the index on batch ids. The SET clauses change nothing but
-- end these settings with the call.
create function pipeline.run_stage(p_stage text, p_batch_ids bigint[])
returns table (
  batches integer,
  claims integer,
  claims_failed integer,
  claims_pended integer,
  claims_isolated integer,
  claims_denied integer
)
language plpgsql
security definer
set search_path = pg_catalog, pg_temp
set enable_hashjoin = on
set enable_mergejoin = on
set enable_seqscan = on
as $$
#variable_conflict use_column
declare
  c_few_claims constant integer := 200;
  c_claims_to_scan constant integer := 20;
  v_claims_before bigint;
  v_failed_before bigint;
  v_due bigint[];
  v_isolated integer := 0;
  v_message text;
  v_sqlstate text;
  v_constraint text;
  v_fits_no_partition boolean;
begin
  -- The stage itself locks them, and looks again.
  select
    array_agg(batch.batch_id order by batch.batch_id),
    sum(batch.claim_count - batch.claims_failed),
    sum(batch.claims_failed)
  into v_due, v_claims_before, v_failed_before
  from queue.batches as batch
  where
    batch.batch_id = any(p_batch_ids)
    and batch.state = any(pipeline._due_states(p_stage))
    and (p_stage <> 'transfer' or not batch.hold);

  if v_claims_before <= c_few_claims then
    perform
      set_config('enable_hashjoin', 'off', true),
      set_config('enable_mergejoin', 'off', true),
      set_config('enable_seqscan', 'off', true);
  elsif v_claims_before < c_claims_to_scan * cardinality(v_due) then
    perform set_config('enable_seqscan', 'off', true);
  end if;
  begin
    perform pipeline._call_stage(p_stage, v_due);
  exception
    when data_exception or integrity_constraint_violation then
      get stacked diagnostics v_constraint = constraint_name;
      v_sqlstate := sqlstate;
      v_message := sqlerrm;
  end;
  if v_sqlstate is not null then
    v_fits_no_partition := v_sqlstate = '23514' and v_constraint = '';
    if v_fits_no_partition then
      call maintenance.ensure_partitions();
    end if;
    v_isolated := pipeline._isolate_claims(p_stage, v_due);
    if v_isolated = 0 and not v_fits_no_partition then
      raise exception using errcode = v_sqlstate, message = v_message;
    end if;
    perform pipeline._call_stage(p_stage, v_due);
  end if;

  return query
  select
    count(*)::integer as batches,
    coalesce(v_claims_before, 0)::integer as claims,
    coalesce(sum(batch.claims_failed) - v_failed_before, 0)::integer as claims_failed,
    coalesce(sum(batch.claims_pended), 0)::integer as claims_pended,
    v_isolated,
    coalesce(sum(batch.claims_denied), 0)::integer as claims_denied
  from queue.batches as batch
  where
    batch.batch_id = any(v_due)
    and batch.state = case p_stage
      when 'validation' then 'validated' else 'transferred'
    end;
end;
$$;

comment on function pipeline.run_stage(text, bigint[])
is 'Runs a stage, validation or transfer, for those of the given batches that are due; claims that make it fail are put into failed_claims. Counts the claims that went in, and those that failed, wait for a person, made it fail, or are denied. PL004, PL008.';
