-- Rules of dates, and the days they count by.
\ir federal_holidays.sql
\ir next_workday.sql
\ir check_service_date_order.sql
\ir check_service_date_not_future.sql
\ir check_service_date_in_window.sql
\ir check_timely_filing.sql
