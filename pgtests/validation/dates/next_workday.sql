begin;
select plan(3);

select results_eq(
  $$
    select given.day, validation.next_workday(given.day)
    from (
      values
      ('2025-07-09'::date), ('2025-07-12'), ('2025-07-13'), ('2026-07-03'),
      ('2026-07-04'), ('2025-05-24'), ('2025-11-27'), ('2021-12-31'), ('2023-01-01')
    ) as given (day)
  $$,
  $$ values
    ('2025-07-09'::date, '2025-07-09'::date), -- a Wednesday
    ('2025-07-12', '2025-07-14'), -- a Saturday
    ('2025-07-13', '2025-07-14'), -- a Sunday
    ('2026-07-03', '2026-07-06'), -- Independence Day, observed on the Friday
    ('2026-07-04', '2026-07-06'), -- Independence Day itself
    ('2025-05-24', '2025-05-27'), -- the Saturday before Memorial Day
    ('2025-11-27', '2025-11-28'), -- Thanksgiving Day
    ('2021-12-31', '2022-01-03'), -- New Year's Day of the next year, observed
    ('2023-01-01', '2023-01-03') -- New Year's Day, a Sunday
  $$,
  'a day off runs to the next workday, a workday stays'
);

-- Calendars repeat after 28 years; around the new year both years are looked at.
select is(
  (
    select
      max(
        validation.next_workday(holiday.observed_on + shift.days)
        - (holiday.observed_on + shift.days)
      )
    from generate_series(2025, 2052) as calendar (year)
    cross join lateral validation.federal_holidays(calendar.year) as holiday
    cross join generate_series(-2, 0) as shift (days)
  ),
  3,
  'a workday is never more than three days ahead'
);
select is(validation.next_workday(null), null, 'no day, no answer');

select finish();
rollback;
