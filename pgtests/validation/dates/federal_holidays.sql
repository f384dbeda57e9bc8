-- What the Office of Personnel Management publishes for these years.
begin;
select plan(6);

select results_eq(
  'select * from validation.federal_holidays(2026) order by observed_on',
  $$ values
    ('2026-01-01'::date, 'New Year''s Day'),
    ('2026-01-19', 'Birthday of Martin Luther King, Jr.'),
    ('2026-02-16', 'Washington''s Birthday'),
    ('2026-05-25', 'Memorial Day'),
    ('2026-06-19', 'Juneteenth National Independence Day'),
    ('2026-07-03', 'Independence Day'),
    ('2026-09-07', 'Labor Day'),
    ('2026-10-12', 'Columbus Day'),
    ('2026-11-11', 'Veterans Day'),
    ('2026-11-26', 'Thanksgiving Day'),
    ('2026-12-25', 'Christmas Day') $$,
  '2026: Independence Day is a Saturday'
);

select results_eq(
  'select observed_on from validation.federal_holidays(2022) order by observed_on',
  $$ values
    ('2021-12-31'::date), ('2022-01-17'), ('2022-02-21'), ('2022-05-30'),
    ('2022-06-20'), ('2022-07-04'), ('2022-09-05'), ('2022-10-10'), ('2022-11-11'),
    ('2022-11-24'), ('2022-12-26') $$,
  '2022: New Year''s Day is a Saturday, Juneteenth and Christmas Day are Sundays'
);

select results_eq(
  'select observed_on from validation.federal_holidays(2023) order by observed_on',
  $$ values
    ('2023-01-02'::date), ('2023-01-16'), ('2023-02-20'), ('2023-05-29'),
    ('2023-06-19'), ('2023-07-04'), ('2023-09-04'), ('2023-10-09'), ('2023-11-10'),
    ('2023-11-23'), ('2023-12-25') $$,
  '2023: New Year''s Day is a Sunday, Veterans Day a Saturday'
);

select results_eq(
  'select observed_on from validation.federal_holidays(2020) order by observed_on',
  $$ values
    ('2020-01-01'::date), ('2020-01-20'), ('2020-02-17'), ('2020-05-25'),
    ('2020-07-03'), ('2020-09-07'), ('2020-10-12'), ('2020-11-11'), ('2020-11-26'),
    ('2020-12-25') $$,
  '2020: Juneteenth was no holiday yet'
);

select ok(
  '2021-06-18' in (
    select holiday.observed_on
    from validation.federal_holidays(2021) as holiday
  ),
  '2021: it is one for the first time, on a Saturday'
);

select is_empty(
  $$
    select holiday.*
    from generate_series(2021, 2048) as calendar (year)
    cross join lateral validation.federal_holidays(calendar.year) as holiday
    where extract(isodow from holiday.observed_on) > 5
  $$,
  'whatever the weekdays of the year, no holiday is observed on a weekend'
);

select finish();
rollback;
