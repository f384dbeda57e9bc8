begin;
select plan(6);

call maintenance.add_submitter('clinic-2.north_side');
select results_eq(
  $$
    select submitter.name, submitter.created_at
    from queue.submitters as submitter
    order by submitter.submitter_id
  $$,
  $$
    select 'default', (
      select submitter.created_at
      from queue.submitters as submitter
      where submitter.name = 'default'
    )
    union all
    values ('clinic-2.north_side', now())
  $$,
  'a submitter is added to the one that is always there'
);
select results_eq(
  $$
    select event.action, submitter.name, event.detail
    from audit.events as event
    inner join queue.submitters as submitter
      on event.submitter_id = submitter.submitter_id
    where event.transaction_id = pg_current_xact_id()
  $$,
  $$ values (
    'submitter.added', 'clinic-2.north_side', '{"name": "clinic-2.north_side"}'::jsonb
  ) $$,
  'with an audit event'
);
select throws_ok(
  $$ call maintenance.add_submitter('default') $$, '23505', null,
  'a name belongs to one submitter'
);
select throws_ok(
  $$ call maintenance.add_submitter('No Capitals') $$, '23514', null,
  'a name is made of small letters, digits, dots, hyphens and underscores'
);
select throws_ok(
  $$ call maintenance.add_submitter('') $$, '23514', null, 'and is not empty'
);
select throws_ok(
  $$ call maintenance.add_submitter(null) $$, '23502', null, 'nor missing'
);

select finish();
rollback;
