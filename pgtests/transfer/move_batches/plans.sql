-- A transfer reads the staging partitions of its own day, and writes the production
-- partitions of its claims' months: what else is there costs nothing. Counted by what
-- was scanned, not by what a plan promises.
begin;
\ir ../../_support/fixture.sql
select plan(4);

call fixture.add_batch('the day before', '2025-07-15 12:00 UTC', 'validated');
call fixture.add_claim('the day before', p_batch => 'the day before');
call fixture.add_batch('the day after', '2025-07-17 12:00 UTC', 'validated');
call fixture.add_claim('the day after', p_batch => 'the day after');
call fixture.add_batch('this day', '2025-07-16 12:00 UTC', 'validated');
call fixture.add_claim('this day', p_batch => 'this day', p_claim_number => 'A');
call fixture.add_claim('duplicate', p_batch => 'this day', p_claim_number => 'A');
call fixture.add_claim('in May', p_batch => 'this day', p_service_date => '2025-05-31');
call fixture.add_line('in May');

create temporary view scanned as
select
  statistics.schemaname as schema,
  statistics.relname as partition,
  coalesce(statistics.seq_scan, 0) + coalesce(statistics.idx_scan, 0) as scans,
  statistics.n_tup_ins as inserted
from pg_catalog.pg_stat_xact_user_tables as statistics
where statistics.schemaname in ('staging', 'production');
create temporary table before as table scanned;

select isnt_empty(
  $$ select * from transfer.move_batches(array[fixture.batch_id('this day')]) $$,
  'a batch is moved'
);
create temporary table done as
select
  scanned.schema,
  scanned.partition,
  scanned.scans - coalesce(before.scans, 0) as scans,
  scanned.inserted - coalesce(before.inserted, 0) as inserted
from scanned
left join before using (schema, partition);

select set_eq(
  $$
    select done.partition
    from done
    where done.schema = 'staging' and done.scans > 0 and done.partition <> 'failed_claims'
  $$,
  array['claims_20250716', 'claim_lines_20250716', 'claim_findings_20250716'],
  'of staging only the partitions of the day are read'
);
select is_empty(
  $$
    select done.partition, done.scans
    from done
    where
      done.schema = 'production'
      and done.scans > 0
      and done.partition !~ '^claim_registry_'
  $$,
  'of production nothing is read but the registry'
);
select set_eq(
  $$
    select done.partition, done.inserted
    from done
    where
      done.schema = 'production'
      and done.inserted > 0
      and done.partition !~ '^claim_registry_'
  $$,
  $$ values
    ('claims_202507'::name, 1::bigint),
    ('claims_202505', 1),
    ('claim_lines_202507', 1),
    ('claim_lines_202505', 2)
  $$,
  'and only the months of the claims are written'
);

select finish();
rollback;
