-- Many batches of one claim are looked up by their ids: a stage that read the whole day
-- for them would take the longer the more had come that day. Counted by what was
-- scanned, not by what a plan promises.
begin;
\ir ../../_support/fixture.sql
select plan(4);

create temporary view scanned as
select coalesce(sum(statistics.seq_scan), 0) as scans
from pg_catalog.pg_stat_xact_user_tables as statistics
where
  statistics.schemaname = 'staging'
  and statistics.relname in ('claims_20250716', 'claim_lines_20250716');

do $$
begin
  for v_number in 1..250 loop
    call fixture.add_batch('small ' || v_number);
    call fixture.add_claim(
      'small ' || v_number,
      p_batch => 'small ' || v_number,
      p_claim_number => 'S' || v_number
    );
  end loop;
end;
$$;
create temporary table small as
select array_agg(fixture.batch_id('small ' || number)) as batch_ids
from generate_series(1, 250) as number;

create temporary table before as table scanned;
select results_eq(
  $$
    select done.batches, done.claims
    from small cross join lateral pipeline.run_stage('validation', small.batch_ids) as done
  $$,
  'values (250, 250)',
  '250 batches of one claim are validated'
);
select results_eq('table scanned', 'table before', 'without reading the day');

update queue.settings set scoring_required = false;
select results_eq(
  $$
    select done.batches, done.claims
    from small cross join lateral pipeline.run_stage('transfer', small.batch_ids) as done
  $$,
  'values (250, 250)',
  'they are transferred'
);
select results_eq('table scanned', 'table before', 'without reading the day, too');

select * from finish();
rollback;
