-- What pricing reads grows with the lines, not with lines times schedule: each table is
-- read once or by its key. Counted by what was read, not by what a plan promises.
begin;
\ir ../../_support/pricing.sql
select plan(3);

insert into reference.procedure_rvus
select
  (jsonb_populate_record(rvu, jsonb_build_object('hcpcs', 10000 + number.number))).*
from reference.procedure_rvus as rvu
cross join generate_series(1, 5000) as number (number)
where rvu.hcpcs = '99213';
insert into reference.geographic_indices
select
  (jsonb_populate_record(gpci, jsonb_build_object('carrier', 10000 + number.number))).*
from reference.geographic_indices as gpci
cross join generate_series(1, 100) as number (number)
where gpci.carrier = '10112';

create temporary view done as
select
  statistics.relname as table,
  statistics.seq_scan,
  statistics.seq_tup_read + coalesce(statistics.idx_tup_fetch, 0) as read
from pg_catalog.pg_stat_xact_user_tables as statistics
where statistics.schemaname = 'reference';

create function pg_temp.priced(p_lines integer)
returns bigint
language sql
as $$
  select count(priced.allowed_amount)
  from pricing.price_lines(
    array(
      select row(
        number.number / 3, number.number % 3, date '2025-07-01' + number.number % 100,
        10001 + number.number % 5000, null, '11', 1, 120.00, null, null, '35203', null
      )::pricing.line_to_price
      from generate_series(1, p_lines) as number (number)
    )
  ) as priced
$$;

create temporary table before as table done;
select is(pg_temp.priced(6000), 6000::bigint, 'many lines are priced');
create temporary table reading as
select
  done.table,
  done.seq_scan - coalesce(before.seq_scan, 0) as seq_scan,
  done.read - coalesce(before.read, 0) as read
from done
left join before using ("table");

select is_empty(
  $$
    select reading.table, reading.seq_scan
    from reading
    where reading.seq_scan > 3
  $$,
  'no table is read from end to end for each line, or for each of 100 dates'
);
-- Ten rows of the schedule and of all lists for each line would be generous.
select cmp_ok(
  (select sum(reading.read) from reading), '<', 60000::numeric,
  'and few rows are read for each'
);

select finish();
rollback;
