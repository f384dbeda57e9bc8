-- Saturday, Sunday and a Monday, or a Friday before them, are the most days off in a
-- row, so that a workday is at most three days ahead.
create function validation.next_workday(p_day date)
returns date
language sql
immutable
parallel safe
begin atomic
  select min(candidate.day)
  from generate_series(0, 3) as ahead (days)
  cross join lateral (select p_day + ahead.days as day) as candidate
  where
    extract(isodow from candidate.day) < 6
    and candidate.day not in (
      select holiday.observed_on
      from
        generate_series(
          extract(year from p_day)::integer, extract(year from p_day)::integer + 1
        ) as calendar (year)
      cross join lateral validation.federal_holidays(calendar.year) as holiday
    );
end;

comment on function validation.next_workday(date)
is 'The day itself, or the first after it that is no Saturday, Sunday or federal holiday.';
