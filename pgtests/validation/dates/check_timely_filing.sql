-- A limit of one year ends on the same day of the year after; on a day off it runs to
-- the next workday.
begin;
\ir ../../_support/fixture.sql
select plan(6);

-- Received on Wednesday 2025-07-16.
call fixture.add_claim('the last day', p_service_date => '2024-07-16');
call fixture.add_claim('the day after', p_service_date => '2024-07-15');
call fixture.add_claim(
  'the to date is in time',
  p_service_date => '2024-07-15',
  p_service_date_to => '2024-07-16'
);
call fixture.add_claim('two years', p_service_date => '2023-07-16');
call fixture.add_claim('malformed, found at intake', p_service_date => null);
call fixture.add_claim('line 2 alone is late');
call fixture.add_line('line 2 alone is late', p_service_date => '2024-07-15');
call fixture.add_claim(
  'sent again, first received in time',
  p_service_date => '2024-07-15',
  p_received_at => '2025-07-15 23:59:59 UTC'
);

select results_eq(
  $$ select * from fixture.findings('check_timely_filing') $$,
  $$ values
    ('line 2 alone is late', 2, 'V015', 'date_of_service', '2024-07-15'),
    ('the day after', 1, 'V015', 'date_of_service', '2024-07-15'),
    ('the to date is in time', 1, 'V015', 'date_of_service', '2024-07-15'),
    ('two years', 1, 'V015', 'date_of_service', '2023-07-16') $$,
  'V015: a line is received within a year of its from date'
);
call fixture.remove_claims();

create procedure pg_temp.add_received(
  p_claim text,
  p_service_date date,
  p_received_at timestamptz
)
language plpgsql
as $$
begin
  call fixture.add_claim(
    p_claim, p_service_date => p_service_date, p_received_at => p_received_at
  );
end;
$$;

-- July 11 2025 is a Friday.
call pg_temp.add_received('Friday on Friday', '2024-07-11', '2025-07-11 12:00 UTC');
call pg_temp.add_received('Friday on Monday', '2024-07-11', '2025-07-14 00:00 UTC');
call pg_temp.add_received('Saturday on Monday', '2024-07-12', '2025-07-14 23:59 UTC');
call pg_temp.add_received('Sunday on Monday', '2024-07-13', '2025-07-14 12:00 UTC');
call pg_temp.add_received('Saturday on Tuesday', '2024-07-12', '2025-07-15 00:00 UTC');
call pg_temp.add_received('Sunday on Tuesday', '2024-07-13', '2025-07-15 12:00 UTC');

select results_eq(
  $$ select claim from fixture.findings('check_timely_filing') $$,
  $$ values ('Friday on Monday'), ('Saturday on Tuesday'), ('Sunday on Tuesday') $$,
  'V015: a limit that ends on a weekend runs to the Monday'
);
call fixture.remove_claims();

-- Independence Day 2025 is a Friday, Memorial Day 2025 is Monday the 26th.
call pg_temp.add_received('July 3 on the 7th', '2024-07-03', '2025-07-07 12:00 UTC');
call pg_temp.add_received('July 4 on the 7th', '2024-07-04', '2025-07-07 12:00 UTC');
call pg_temp.add_received('July 4 on the 8th', '2024-07-04', '2025-07-08 12:00 UTC');
call pg_temp.add_received('May 24 on the 27th', '2024-05-24', '2025-05-27 12:00 UTC');
call pg_temp.add_received('May 24 on the 28th', '2024-05-24', '2025-05-28 12:00 UTC');

select results_eq(
  $$ select claim from fixture.findings('check_timely_filing') $$,
  $$ values
    ('July 3 on the 7th'), ('July 4 on the 8th'), ('May 24 on the 28th') $$,
  'V015: a limit that ends on a federal holiday runs to the next workday'
);
call fixture.remove_claims();

-- February 28 2025 is a Friday.
call fixture.add_batch('February 28', '2025-02-28 12:00 UTC');
call fixture.add_batch('March 1', '2025-03-01 12:00 UTC');
call fixture.add_claim(
  'leap day on February 28', 'February 28', p_service_date => '2024-02-29'
);
call fixture.add_claim(
  'leap day on March 1', 'March 1', p_service_date => '2024-02-29'
);
call fixture.add_claim(
  'March 1 on March 1', 'March 1', p_service_date => '2024-03-01'
);

select results_eq(
  $$ select claim from fixture.findings('check_timely_filing') $$,
  $$ values ('leap day on March 1') $$,
  'V015: a service on February 29 is received by February 28'
);
call fixture.remove_claims();

-- 90 days before July 16 is April 17; a month after January 31 is February 28.
update queue.settings set timely_filing = '90 days';
call fixture.add_claim('90 days', p_service_date => '2025-04-17');
call fixture.add_claim('91 days', p_service_date => '2025-04-16');

select results_eq(
  $$ select claim from fixture.findings('check_timely_filing') $$,
  $$ values ('91 days') $$,
  'V015: the limit is a setting, and may be shorter than a year'
);
call fixture.remove_claims();

update queue.settings set timely_filing = '1 month';
call fixture.add_claim('a month', 'February 28', p_service_date => '2025-01-31');
call fixture.add_claim('a day more', 'March 1', p_service_date => '2025-01-31');

select results_eq(
  $$ select claim from fixture.findings('check_timely_filing') $$,
  $$ values ('a day more') $$,
  'V015: months of different lengths count as the calendar has them'
);

select finish();
rollback;
