-- A batch that came after the last ANALYZE must not look empty to the planner.
begin;
\ir ../_support/fixture.sql
select plan(4);

call maintenance.ensure_partitions();

select is(
  maintenance._ensure_partition('staging.claims', 'yesterday', '2025-07-15', '2025-07-16'),
  true,
  'a partition is made'
);
select results_eq(
  $$
    select attribute.attname::text collate "default"
    from pg_catalog.pg_attribute as attribute
    where
      attribute.attrelid = 'staging.claims_yesterday'::regclass
      and attribute.attstattarget = 0
      and attribute.attnum > 0
  $$,
  $$ values ('batch_id') $$,
  'it takes the statistics targets of its parent along'
);

insert into staging.claim_findings (
  claim_id, line_number, batch_id, received_on, submitter_id, rule_code, disposition,
  field
)
select claim_id, 0, claim_id % 40, (now() at time zone 'UTC')::date, 1, 'V010', 'warn', 'x'
from generate_series(1, 20000) as given (claim_id);
select is(
  maintenance.analyze_staging(array[(now() at time zone 'UTC')::date]), 1,
  'what was filled is analysed'
);

create function pg_temp.rows_expected() returns numeric language plpgsql as $$
declare
  v_plan json;
begin
  execute $query$
    explain (format json)
    select from staging.claim_findings as finding
    where
      finding.batch_id = 41
      and finding.received_on = any(array[(now() at time zone 'UTC')::date])
  $query$ into v_plan;
  return (v_plan -> 0 -> 'Plan' ->> 'Plan Rows')::numeric;
end;
$$;
select cmp_ok(
  pg_temp.rows_expected(), '>=', 50::numeric,
  'a batch that no statistics know counts as a fixed share of the day'
);

select finish();
rollback;
