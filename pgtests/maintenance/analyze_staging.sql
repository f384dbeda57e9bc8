-- Plans must not depend on luck: a staging day has statistics before a stage reads it,
-- and again when it has grown by half.
begin;
\ir ../_support/fixture.sql
select plan(14);

create procedure pg_temp.add_claims(p_count integer, p_after integer)
language sql
as $$
  insert into staging.claims
  select
    (jsonb_populate_record(claim, jsonb_build_object('claim_id', number.number))).*
  from staging.claims as claim
  cross join generate_series(p_after + 1, p_after + p_count) as number (number)
  where claim.claim_id = fixture.claim_id('one')
$$;
create function pg_temp.rows_known(p_relation regclass)
returns real
language sql
as $$
  select relation.reltuples
  from pg_catalog.pg_class as relation
  where relation.oid = p_relation
$$;

select is(
  maintenance.analyze_staging('{2025-07-16}'), 0, 'an empty day needs no statistics'
);
call fixture.add_claim('one');
select is(
  maintenance.analyze_staging('{2025-07-16}'), 2, 'claims and lines, but no findings'
);
select is(
  array[
    pg_temp.rows_known('staging.claims_20250716'),
    pg_temp.rows_known('staging.claim_lines_20250716'),
    pg_temp.rows_known('staging.claim_findings_20250716')
  ],
  '{1,1,-1}'::real[],
  'have statistics'
);
select is(
  maintenance.analyze_staging('{2025-07-16}'), 0, 'what has them is left alone'
);

call pg_temp.add_claims(1000, 1000000);
select is(
  maintenance.analyze_staging('{2025-07-16}'), 1,
  'a table that has grown is analysed again'
);
select is(
  pg_temp.rows_known('staging.claims_20250716'), 1001::real, 'and its rows are known'
);
call pg_temp.add_claims(400, 2000000);
select is(
  maintenance.analyze_staging('{2025-07-16}'), 0,
  'growth by less than half is not enough'
);
call pg_temp.add_claims(200, 3000000);
select is(
  maintenance.analyze_staging('{2025-07-16}'), 1,
  'all growth since the last time counts'
);

-- Its pages and rows are told in pg_class at once and for good, be it rolled back.
call pg_temp.add_claims(3000, 4000000);
create function pg_temp.roll_back()
returns void
language plpgsql
as $$
begin
  perform maintenance.analyze_staging('{2025-07-16}');
  raise exception 'killed';
exception when raise_exception then
  null;
end;
$$;
select pg_temp.roll_back();
select is(
  maintenance.analyze_staging('{2025-07-16}'), 1, 'what was rolled back is done again'
);
delete from queue.staging_statistics;
select is(
  maintenance.analyze_staging('{2025-07-16}'), 2,
  'and what nothing is known of, whatever pg_class says'
);
delete from pg_catalog.pg_statistic
where starelid = 'staging.claims_20250716'::regclass;
select is(
  maintenance.analyze_staging('{2025-07-16}'), 1,
  'and what has no statistics, as after a restore'
);

call fixture.add_batch('another day', '2025-07-17 12:00 UTC');
call fixture.add_claim('two', p_batch => 'another day');
call fixture.add_finding('two', 'V026');
select is(
  maintenance.analyze_staging('{2025-07-16,2025-07-17,1999-01-01}'), 3,
  'several days at once; one that has no partition has nothing to analyse'
);
select is(maintenance.analyze_staging('{}'), 0, 'no days need nothing');

-- The batch id of a batch that came after would count as unknown.
select is_empty(
  $$
    select known.tablename, known.attname
    from pg_catalog.pg_stats as known
    where known.schemaname = 'staging' and known.attname = 'batch_id'
  $$,
  'nothing is remembered of batch ids, which mislead about the next batch'
);

select finish();
rollback;
