-- Section 1848(e)(1)(E) of the Social Security Act (42 U.S.C. 1395w-4(e)(1)(E)): for
-- services from January 1, 2004 on, the work index is raised to 1.00 where it is lower.
-- Each line is a law that wrote the first or a later last day into it. Some were signed
-- after the day on which the law before them had run out and reach back to it, so that
-- there is no date of service without the floor: as in 2008, 2010 and 2012, and between
-- October 1, 2025 and Public Law 119-37. The footnote of the GPCI file of 2026 ends the
-- floor on January 30, 2026; the appropriations of 2026 carry it through the year.
create view catalogue.work_floor_periods as
select
  floored.valid_from,
  floored.valid_to,
  floored.law
from (
  values
  (date '2004-01-01', date '2006-12-31', 'Public Law 108-173, section 412'),
  ('2007-01-01', '2007-12-31', 'Public Law 109-432'),
  ('2008-01-01', '2008-06-30', 'Public Law 110-173'),
  ('2008-07-01', '2009-12-31', 'Public Law 110-275'),
  ('2010-01-01', '2010-12-31', 'Public Law 111-148, section 3102'),
  ('2011-01-01', '2011-12-31', 'Public Law 111-309'),
  ('2012-01-01', '2012-02-29', 'Public Law 112-78'),
  ('2012-03-01', '2012-12-31', 'Public Law 112-96'),
  ('2013-01-01', '2013-12-31', 'Public Law 112-240, section 602'),
  ('2014-01-01', '2014-03-31', 'Public Law 113-67'),
  ('2014-04-01', '2015-03-31', 'Public Law 113-93, section 102'),
  ('2015-04-01', '2017-12-31', 'Public Law 114-10'),
  ('2018-01-01', '2019-12-31', 'Public Law 115-123'),
  ('2020-01-01', '2020-05-22', 'Public Law 116-94'),
  ('2020-05-23', '2020-11-30', 'Public Law 116-136'),
  ('2020-12-01', '2020-12-11', 'Public Law 116-159'),
  ('2020-12-12', '2020-12-18', 'Public Law 116-215'),
  ('2020-12-19', '2023-12-31', 'Public Law 116-260'),
  ('2024-01-01', '2024-01-19', 'Public Law 118-22'),
  ('2024-01-20', '2024-03-08', 'Public Law 118-35'),
  ('2024-03-09', '2024-12-31', 'Public Law 118-42'),
  ('2025-01-01', '2025-03-31', 'Public Law 118-158'),
  ('2025-04-01', '2025-09-30', 'Public Law 119-4'),
  ('2025-10-01', '2026-01-30', 'Public Law 119-37, section 6207'),
  ('2026-01-31', '2026-12-31', 'Consolidated Appropriations Act, 2026')
) as floored (valid_from, valid_to, law);

comment on view catalogue.work_floor_periods
is 'Dates of service on which the 1.0 floor of the work index is law, and by which law.';
comment on column catalogue.work_floor_periods.valid_from is 'first date of service';
comment on column catalogue.work_floor_periods.valid_to is 'last date of service';
comment on column catalogue.work_floor_periods.law is 'the law that says so';
