-- The clock says what time it is, and a test can move it; nobody else can.
begin;
\ir ../_support/fixture.sql
select plan(4);

select is(maintenance.clock(), now(), 'it is now');

set local role claims_worker;
select throws_ok(
  $$
    create or replace function maintenance.clock() returns timestamptz
    language sql stable return timestamptz 'epoch'
  $$,
  '42501', null,
  'no role that works can say otherwise'
);
reset role;

call fixture.move_clock('40 days');
select is(maintenance.clock(), now() + interval '40 days', 'a test can');

call maintenance.ensure_partitions();
select has_table(
  'staging',
  'claims_'
  || to_char((now() + interval '40 days') at time zone 'UTC', 'YYYYMMDD')::name,
  '... and partitions are made for the days that come then'
);

select finish();
rollback;
