begin;
select plan(7);

select is(
  maintenance._ensure_partition(
    'production.claims', '199001', '1990-01-01', '1990-02-01'
  ),
  true,
  'a partition that is missing is made'
);
select is(
  maintenance._ensure_partition(
    'production.claims', '199001', '1990-01-01', '1990-02-01'
  ),
  false,
  'one that stands is left as it is'
);
select is(
  (
    select pg_get_expr(relation.relpartbound, relation.oid)
    from pg_catalog.pg_class as relation
    where relation.oid = 'production.claims_199001'::regclass
  ),
  'FOR VALUES FROM (''1990-01-01'') TO (''1990-02-01'')',
  'it holds the dates from the first up to, not including, the second'
);
select throws_ok(
  $$
    select maintenance._ensure_partition(
      'production.claims', '1990', '1990-01-15', '1991-01-01'
    )
  $$,
  '42P17', null,
  'partitions do not overlap'
);
select hasnt_table(
  'production'::name, 'claims_1990'::name, 'and what overlaps is not left behind'
);

-- Identity stays with the table: no partition has a sequence of its own.
select is(
  maintenance._ensure_partition('audit.events', '199001', '1990-01-01', '1990-02-01'),
  true,
  'a table with an identity column gets partitions, too'
);
insert into audit.events (occurred_at, action, outcome)
values ('1990-01-15', 'test', 'succeeded');
select isnt(
  (
    select event.event_id
    from audit.events as event
    where event.tableoid = 'audit.events_199001'::regclass
  ),
  null,
  'and its rows there have a number'
);

select finish();
rollback;
