-- A call reads the staging partitions of the days of its batches, and of no other day,
-- and it does not read them anew for each claim. catalogue/inlining shows that the
-- rules are taken into the plan of their caller.
begin;
\ir ../_support/fixture.sql
select plan(4);

call fixture.add_batch('day before', '2025-07-15 12:00 UTC');
call fixture.add_batch('day after', '2025-07-17 12:00 UTC');
call fixture.add_claim('good');
call fixture.add_claim('good, again', p_claim_number => 'good');
call fixture.add_claim('failed', p_units => 0);
call fixture.add_claim('good, day before', 'day before');
call fixture.add_claim('good, day after', 'day after');

-- The rules, each as the stage calls it: with constants.
create view pg_temp.rules as
select routine.oid::regproc::text as name
from pg_catalog.pg_proc as routine
where
  routine.pronamespace = 'validation'::regnamespace
  and routine.proname ~ '^(check_|report_)';

create function pg_temp.plan_of(p_query text)
returns jsonb
language plpgsql
as $$
declare
  v_plan jsonb;
begin
  execute 'explain (verbose, format json) ' || p_query into strict v_plan;
  return v_plan;
end;
$$;

create table pg_temp.scans as
select
  rules.name as rule,
  scan ->> 'Relation Name' as relation
from pg_temp.rules
cross join
  lateral pg_temp.plan_of(
    format(
      'select * from %s(''{%s}''::bigint[], ''{2025-07-16}''::date[])',
      rules.name, fixture.batch_id()
    )
  ) as explained (plan)
cross join
  lateral jsonb_path_query(explained.plan, 'strict $.**') as scan
where
  jsonb_typeof(scan) = 'object' and scan ->> 'Schema' = 'staging';

select set_eq(
  'select name from pg_temp.rules',
  $$ select rule from pg_temp.scans where relation ~ '^claims?(_lines)?_20250716$' $$,
  'every rule reads the partition of the day'
);
select is_empty(
  $$ select rule, relation from pg_temp.scans where relation !~ '_20250716$' $$,
  'no rule reads that of another day'
);

-- The stage as a whole, with a thousand claims that nothing has analysed.
insert into staging.claims
select (copied).*
from staging.claims as claim
cross join generate_series(1, 999) as copy (number)
cross join
  lateral jsonb_populate_record(
    claim,
    jsonb_build_object(
      'claim_id', claim.claim_id + copy.number * 1000,
      'claim_number_token', sha256(copy.number::text::bytea)
    )
  ) as copied
where claim.claim_id = fixture.claim_id('good');
insert into staging.claim_lines
select (copied).*
from staging.claim_lines as line
cross join generate_series(1, 999) as copy (number)
cross join
  lateral jsonb_populate_record(
    line, jsonb_build_object('claim_id', line.claim_id + copy.number * 1000)
  ) as copied
where line.claim_id = fixture.claim_id('good');

create view pg_temp.reads as
select
  used.relname::text as relation,
  used.seq_tup_read + coalesce(used.idx_tup_fetch, 0) as rows_read
from pg_catalog.pg_stat_xact_user_tables as used
where used.schemaname = 'staging' and used.relname ~ '_[0-9]{8}$';

create table pg_temp.before as
select
  reads.relation,
  reads.rows_read
from pg_temp.reads;
select validation.validate_batches(array[fixture.batch_id()]);
create table pg_temp.during as
select
  reads.relation,
  reads.rows_read - before.rows_read as rows_read
from pg_temp.reads
inner join pg_temp.before on reads.relation = before.relation;

select set_eq(
  'select relation from pg_temp.during where rows_read > 0',
  $$ values
    ('claim_findings_20250716'), ('claim_lines_20250716'), ('claims_20250716') $$,
  'a call of validate_batches reads the partitions of the day, and no other'
);
select is_empty(
  'select relation, rows_read from pg_temp.during where rows_read > 40 * 1002',
  'it reads each row some times, but not once for each claim'
);

select finish();
rollback;
