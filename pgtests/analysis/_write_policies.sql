-- The policies follow from the table of logins, and look at no table themselves.
begin;
\ir ../_support/fixture.sql
select plan(5);

create function pg_temp.policies()
returns setof text
language sql
begin atomic
  select distinct pg_get_expr(policy.polqual, policy.polrelid)
  from pg_catalog.pg_policy as policy
  where policy.polname = 'analysts'
  order by 1;
end;

select results_eq(
  'select * from pg_temp.policies()', $$ values ('true') $$,
  'analysts see all where no login is restricted'
);

call maintenance.add_submitter('second');
create role "O'Hara" login;
call maintenance.restrict_login('O''Hara', '{default,second}');
select alike(
  (select * from pg_temp.policies()), '%O''''Hara%{1,%',
  'the submitters of a restricted login stand in the policy, one for all tables'
);
select is(
  (
    select array_agg(policy.polrelid::regclass::text order by policy.polrelid::regclass::text)
    from pg_catalog.pg_policy as policy
    where policy.polname = 'analysts'
  ),
  array[
    'models.review_verdicts', 'production.claim_findings', 'production.claim_lines',
    'production.claim_scores', 'production.claims'
  ],
  '... that analysts read'
);
call maintenance.restrict_login('O''Hara', '{}');
select results_eq(
  'select * from pg_temp.policies()', $$ values ('true') $$,
  'and go with the last of them'
);
select is(
  (
    select current_setting('deadlock_timeout')::interval
    > replace(config.setting, 'lock_timeout=', '')::interval
    from pg_catalog.pg_proc as routine
    cross join unnest(routine.proconfig) as config (setting)
    where
      routine.oid = 'analysis._write_policies'::regproc
      and config.setting like 'lock_timeout=%'
  ),
  true,
  'whoever works on production goes on, and this gives up, when they wait for each other'
);

select finish();
rollback;
