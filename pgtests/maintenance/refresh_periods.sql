-- Which release is in force follows from the releases alone: the latest first date
-- wins, then a published release before a starter one, then the later loaded. The
-- order of loading decides only between equals.
begin;
\ir ../_support/fixture.sql
select plan(13);

-- The periods of a kind, as one text for each QPP status.
create function pg_temp.periods(p_kind text, p_qpp_status text)
returns text
language sql
as $$
  select
    string_agg(
      format('%s %s..%s', release.name, period.valid_from, period.valid_to), ', '
      order by period.valid_from
    )
  from reference.periods_in_force as period
  inner join reference.releases as release on period.release_id = release.release_id
  where period.kind = p_kind and period.qpp_status = p_qpp_status
$$;
create procedure pg_temp.start_over()
language sql
as $$
  delete from reference.periods_in_force;
  delete from reference.releases
$$;

truncate reference.releases cascade;
truncate fixture.releases;
select is(maintenance.refresh_periods('rvu'), 0, 'without releases there are no periods');

call fixture.add_release('rvu', 'A', '2025-01-01');
select is(
  pg_temp.periods('rvu', 'non_qpp'), 'A 2025-01-01..infinity',
  'a release without an end is open'
);
select is(
  pg_temp.periods('rvu', 'qpp'), 'A 2025-01-01..infinity',
  'and one for both stands for each'
);

call fixture.add_release('rvu', 'B', '2025-04-01');
select is(
  pg_temp.periods('rvu', 'qpp'), 'A 2025-01-01..2025-03-31, B 2025-04-01..infinity',
  'a newer release supersedes from its first day on'
);
call fixture.add_release('rvu', 'C', '2025-07-01', '2025-09-30');
select is(
  pg_temp.periods('rvu', 'qpp'),
  'A 2025-01-01..2025-03-31, B 2025-04-01..2025-06-30, C 2025-07-01..2025-09-30, B 2025-10-01..infinity',
  'when one ends, what it superseded holds again'
);
call fixture.add_release('rvu', 'starter', '2025-04-01', p_is_starter => true);
call fixture.add_release('rvu', 'B corrected', '2025-04-01');
select is(
  pg_temp.periods('rvu', 'qpp'),
  'A 2025-01-01..2025-03-31, B corrected 2025-04-01..2025-06-30, C 2025-07-01..2025-09-30, B corrected 2025-10-01..infinity',
  'of the same first day the later loaded holds, and a starter gives way to it'
);
call fixture.add_release('rvu', 'starter of August', '2025-08-01', p_is_starter => true);
select is(
  pg_temp.periods('rvu', 'qpp'),
  'A 2025-01-01..2025-03-31, B corrected 2025-04-01..2025-06-30, C 2025-07-01..2025-07-31, starter of August 2025-08-01..infinity',
  'a starter that begins later goes before what begins earlier'
);
call fixture.add_release('rvu', 'participants', '2025-02-01', '2025-03-31', 'qpp');
select is(
  array[pg_temp.periods('rvu', 'non_qpp'), pg_temp.periods('rvu', 'qpp')],
  array[
    'A 2025-01-01..2025-03-31, B corrected 2025-04-01..2025-06-30, C 2025-07-01..2025-07-31, starter of August 2025-08-01..infinity',
    'A 2025-01-01..2025-01-31, participants 2025-02-01..2025-03-31, B corrected 2025-04-01..2025-06-30, C 2025-07-01..2025-07-31, starter of August 2025-08-01..infinity'
  ],
  'a release for one QPP status supersedes for that one alone'
);
create temporary table before as table reference.periods_in_force;
call fixture.add_release('gpci', 'G', '2025-01-01', '2025-03-31');
call fixture.add_release('gpci', 'H', '2025-07-01', '2025-07-01');
select is(
  pg_temp.periods('gpci', 'non_qpp'),
  'G 2025-01-01..2025-03-31, H 2025-07-01..2025-07-01',
  'between releases there may be a gap, and nothing fills it'
);
select bag_eq(
  $$
    select period.kind, period.qpp_status, period.valid_from, period.valid_to, period.release_id
    from reference.periods_in_force as period
    where period.kind = 'rvu'
  $$,
  $$
    select before.kind, before.qpp_status, before.valid_from, before.valid_to, before.release_id
    from before
  $$,
  'one kind leaves the others alone'
);

-- Four releases in each of the 24 orders of loading.
create temporary table outcomes (periods text);
do $$
declare
  v_order record;
begin
  for v_order in
    select array[one.name, two.name, three.name, four.name] as names
    from unnest(array['A', 'B', 'C', 'S']) as one (name)
    cross join unnest(array['A', 'B', 'C', 'S']) as two (name)
    cross join unnest(array['A', 'B', 'C', 'S']) as three (name)
    cross join unnest(array['A', 'B', 'C', 'S']) as four (name)
    where
      one.name not in (two.name, three.name, four.name)
      and two.name not in (three.name, four.name)
      and three.name <> four.name
  loop
    call pg_temp.start_over();
    perform maintenance.register_release(
      'rvu', 'both', release.name, release.valid_from, release.valid_to,
      release.name = 'S', release.name || '.csv', sha256(release.name::bytea), 1
    )
    from unnest(v_order.names) with ordinality as loaded (name, position)
    inner join (values
      ('A', date '2025-01-01', date '2025-12-31'),
      ('B', '2025-04-01', '2025-06-30'),
      ('C', '2025-06-01', '2025-08-31'),
      ('S', '2025-01-01', null)
    ) as release (name, valid_from, valid_to)
      on loaded.name = release.name
    order by loaded.position;
    perform maintenance.refresh_periods('rvu');
    insert into outcomes values (pg_temp.periods('rvu', 'qpp'));
  end loop;
end;
$$;
select is((select count(*) from outcomes), 24::bigint, 'there are 24 orders');
select set_eq(
  'select outcomes.periods from outcomes',
  array['A 2025-01-01..2025-03-31, B 2025-04-01..2025-05-31, C 2025-06-01..2025-08-31, A 2025-09-01..2025-12-31, S 2026-01-01..infinity'],
  'and all come to the same'
);

-- Many releases at random, each day against the rule.
call pg_temp.start_over();
do $$ begin perform setseed(0.5); end $$;
insert into reference.releases
(kind, qpp_status, name, valid_from, valid_to, is_starter, file_name, file_sha256, row_count)
select
  'rvu',
  (array['both', 'qpp', 'non_qpp'])[1 + floor(random() * 3)::integer],
  'random ' || number.number,
  first.day,
  case when random() < 0.7 then first.day + floor(random() * 60)::integer end,
  random() < 0.3,
  'file',
  sha256(number.number::text::bytea),
  1
from generate_series(1, 40) as number (number)
cross join lateral (
  select date '2025-01-01' + floor(random() * 90 + number.number * 0)::integer as day
) as first;
select maintenance.refresh_periods('rvu') as periods \gset random_
select is_empty(
  $$
    select day.day, status.status, expected.release_id, held.release_ids
    from generate_series('2024-12-30', '2025-07-31', interval '1 day') as day (day)
    cross join (values ('qpp'), ('non_qpp')) as status (status)
    left join lateral (
      select release.release_id
      from reference.releases as release
      where
        release.qpp_status in ('both', status.status)
        and day.day between release.valid_from and coalesce(release.valid_to, 'infinity')
      order by release.valid_from desc, release.is_starter, release.release_id desc
      limit 1
    ) as expected on true
    cross join lateral (
      select array_agg(period.release_id) as release_ids
      from reference.periods_in_force as period
      where
        period.kind = 'rvu'
        and period.qpp_status = status.status
        and day.day between period.valid_from and period.valid_to
    ) as held
    where
      held.release_ids is distinct from
      case when expected.release_id is not null then array[expected.release_id] end
  $$,
  'each day has the release that the rule gives it, and no two'
);

select finish();
rollback;
