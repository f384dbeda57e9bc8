-- How long the fee schedule reaches, for those who have to load the next one.
begin;
\ir ../_support/fixture.sql
select plan(4);

create procedure pg_temp.cover(p_from date, p_to date)
language sql
as $$
  delete from reference.periods_in_force where kind = 'rvu';
  insert into reference.periods_in_force (kind, qpp_status, valid_from, valid_to, release_id)
  select
    'rvu', settings.qpp_status, piece.valid_from, piece.valid_to, known.release_id
  from queue.settings as settings
  cross join (
    values (p_from, current_date), (current_date + 1, p_to)
  ) as piece (valid_from, valid_to)
  cross join (select min(release.release_id) as release_id from reference.releases as release)
    as known
$$;

call pg_temp.cover(current_date - 10, current_date + 34);
select row_eq(
  $$ select * from pipeline.schedules where kind = 'rvu' $$,
  row('rvu'::text, true, current_date + 34, 34),
  'over all releases that follow on one another'
);
call pg_temp.cover(current_date - 10, 'infinity');
select row_eq(
  $$ select * from pipeline.schedules where kind = 'rvu' $$,
  row('rvu'::text, true, null::date, null::integer), 'without an end'
);
delete from reference.periods_in_force where kind = 'rvu' and valid_from <= current_date;
select row_eq(
  $$ select * from pipeline.schedules where kind = 'rvu' $$,
  row('rvu'::text, false, null::date, null::integer), 'and not today'
);
select is(
  (select array_agg(kind order by kind) from pipeline.schedules), '{gpci,rvu}',
  'of the kinds without which nothing has an amount'
);

select finish();
rollback;
