-- The floor of the work index was law on every date of service from 2004 on.
begin;
\ir ../_support/catalogue.sql
select plan(3);

select results_eq(
  $$
    select
      min(floored.valid_from) as first_day,
      range_agg(daterange(floored.valid_from, floored.valid_to, '[]'))::text as days
    from catalogue.work_floor_periods as floored
  $$,
  $$ values (date '2004-01-01', '{[2004-01-01,2027-01-01)}') $$,
  'without a gap, until the last day that is written into it'
);
select is_empty(
  $$
    select one.law, other.law
    from catalogue.work_floor_periods as one
    inner join catalogue.work_floor_periods as other
      on
        one.valid_from < other.valid_from
        and daterange(one.valid_from, one.valid_to, '[]')
        && daterange(other.valid_from, other.valid_to, '[]')
  $$,
  'each day by one law'
);
select is_empty(
  $$
    select floored.valid_from
    from catalogue.work_floor_periods as floored
    where floored.law is null or floored.valid_from > floored.valid_to
  $$,
  'and each law is named'
);

select finish();
rollback;
