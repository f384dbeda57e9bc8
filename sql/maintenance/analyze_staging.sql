-- Fresh staging tables have no statistics, and plans must not depend on luck.
-- Only what grew by half since it was last analysed is analysed again, and only
-- the columns that plans look at. Call it before each stage, in a transaction of its
-- own: its locks last until the commit.
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
    select relation.oid::regclass as name, parent.columns
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
    where
      pg_relation_size(relation.oid) > 0
      and (
        relation.reltuples < 0
        or pg_relation_size(relation.oid)
        > 1.5 * relation.relpages * current_setting('block_size')::bigint
      )
  loop
    execute format('analyze %s (%s)', v_table.name, v_table.columns);
    v_analyzed := v_analyzed + 1;
  end loop;
  return v_analyzed;
end;
$$;

comment on function maintenance.analyze_staging(date[])
is 'Analyses the staging partitions of the given days that grew since the last time; returns how many.';
