-- Dropping a day is how staging is cleaned: no row is ever deleted. A day goes
-- when it is older than the retention and none of its batches is unfinished;
-- what failed lives on in staging.failed_claims.
create procedure maintenance.drop_finished_days()
language plpgsql
security definer
set search_path = pg_catalog, pg_temp
as $$
declare
  v_partition record;
  v_dropped text[] := '{}';
begin
  perform pg_advisory_xact_lock(hashtext('maintenance.ensure_partitions'));
  for v_partition in
    select parent.relname as parent, child.relname as name
    from pg_catalog.pg_inherits as inheritance
    inner join pg_catalog.pg_class as parent on inheritance.inhparent = parent.oid
    inner join pg_catalog.pg_class as child on inheritance.inhrelid = child.oid
    where
      inheritance.inhparent in (
        'staging.claims'::regclass,
        'staging.claim_lines'::regclass,
        'staging.claim_findings'::regclass,
        'staging.claim_scores'::regclass
      )
      and to_date(right(child.relname, 8), 'YYYYMMDD') < (
        select (maintenance.clock() at time zone 'UTC')::date - settings.staging_retention_days
        from queue.settings as settings
      )
      and not exists (
        select from queue.batches as batch
        where
          batch.state <> 'transferred'
          and batch.received_on = to_date(right(child.relname, 8), 'YYYYMMDD')
      )
    order by child.relname
  loop
    execute format(
      'alter table staging.%I detach partition staging.%I',
      v_partition.parent, v_partition.name
    );
    execute format('drop table staging.%I', v_partition.name);
    v_dropped := v_dropped || v_partition.name::text;
  end loop;

  if cardinality(v_dropped) > 0 then
    delete from queue.staging_statistics as known
    where known.partition_name = any(v_dropped);
    perform auditing.record_event(
      'partitions.dropped', null, null, null, null,
      jsonb_build_object('partitions', to_jsonb(v_dropped))
    );
  end if;
end;
$$;

comment on procedure maintenance.drop_finished_days()
is 'Drops the staging partitions that are older than the retention and hold no unfinished batch.';
