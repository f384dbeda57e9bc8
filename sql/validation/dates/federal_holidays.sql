-- 5 U.S.C. 6103: dates that are fixed, and weekdays on or after a date. By rule, so
-- that no list of years runs out. A fixed date that is a Saturday is observed on the
-- Friday before, which for New Year's Day is in the year before; a Sunday is observed
-- on the Monday after. Days off by executive order follow from no rule, and
-- Inauguration Day is kept around Washington alone: neither is here.
create function validation.federal_holidays(p_year integer)
returns table (observed_on date, name text)
language sql
immutable
parallel safe
begin atomic
  select
    case
      when holiday.weekday is not null
        then start.day + (holiday.weekday + 7 - start.weekday) % 7
      when start.weekday = 6 then start.day - 1
      when start.weekday = 7 then start.day + 1
      else start.day
    end as observed_on,
    holiday.name
  from (
    values
    ('New Year''s Day', 1, 1, null, 1871),
    ('Birthday of Martin Luther King, Jr.', 1, 15, 1, 1986),
    ('Washington''s Birthday', 2, 15, 1, 1971),
    ('Memorial Day', 5, 25, 1, 1971),
    ('Juneteenth National Independence Day', 6, 19, null, 2021),
    ('Independence Day', 7, 4, null, 1871),
    ('Labor Day', 9, 1, 1, 1895),
    ('Columbus Day', 10, 8, 1, 1971),
    ('Veterans Day', 11, 11, null, 1978),
    ('Thanksgiving Day', 11, 22, 4, 1942),
    ('Christmas Day', 12, 25, null, 1871)
  ) as holiday (name, month, day_of_month, weekday, first_year)
  cross join
    lateral (
      select make_date(p_year, holiday.month, holiday.day_of_month) as day
    ) as named
  cross join
    lateral (
      select
        named.day,
        extract(isodow from named.day)::integer as weekday
    ) as start
  where p_year >= holiday.first_year;
end;

comment on function validation.federal_holidays(integer)
is 'The federal holidays of a year, on the days on which Federal employees have off for them.';
