-- Fresh staging tables have no statistics, and plans must not depend on luck.
-- Only what grew by half since it was last analysed is analysed again, and only
-- the columns that plans look at. Call it before each stage, in a transaction of its
-- own: its locks last until the commit. Whether it was done is asked of what commits
-- and rolls back with the statistics: what pg_class says of the table does not.
create function maintenance.analyze_staging(p_received_on date[])
returns integer
language plpgsql
security definer
set search_path = pg_catalog, pg_temp
as $$
declare
  v_table record;
  v_analyzed integer := 0;
begin
  -- Whoever comes second waits, and then finds the work done.
  perform pg_advisory_xact_lock(hashtext('maintenance.analyze_staging'));
  for v_table in
    select
      relation.relname as name,
      parent.columns,
      pg_relation_size(relation.oid) as bytes
    from unnest(p_received_on) as day (day)
    cross join (values
      ('claims', 'claim_id, received_on, submitter_id, first_service_date'),
      ('claim_lines', 'claim_id, received_on, service_date, hcpcs'),
      ('claim_findings', 'claim_id, received_on, disposition'),
      ('claim_scores', 'claim_id, received_on')
    ) as parent (name, columns)
    inner join pg_catalog.pg_class as relation
      on relation.oid
        = to_regclass('staging.' || parent.name || '_' || to_char(day.day, 'YYYYMMDD'))
    left join queue.staging_statistics as known
      on relation.relname = known.partition_name
    where
      pg_relation_size(relation.oid) > 0
      and (
        known.bytes is null
        or pg_relation_size(relation.oid) > 1.5 * known.bytes
        -- A restored database brings what is known along, and no statistics.
        or not exists (
          select from pg_catalog.pg_stats as column_statistics
          where
            column_statistics.schemaname = 'staging'
            and column_statistics.tablename = relation.relname
            and column_statistics.attname = 'claim_id'
        )
      )
  loop
    execute format('analyze staging.%I (%s)', v_table.name, v_table.columns);
    insert into queue.staging_statistics as known (partition_name, bytes)
    values (v_table.name, v_table.bytes)
    on conflict (partition_name) do update
    set bytes = excluded.bytes, analyzed_at = excluded.analyzed_at;
    v_analyzed := v_analyzed + 1;
  end loop;
  return v_analyzed;
end;
$$;

comment on function maintenance.analyze_staging(date[])
is 'Analyses the staging partitions of the given days that grew since the last time; returns how many.';
