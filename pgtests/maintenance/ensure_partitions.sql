-- Partitions stand ready for the whole window of dates, and are in all like their
-- table: a row finds the same keys, checks and indexes in each.
begin;
\ir ../_support/catalogue.sql
select plan(12);

create temporary view partitions as
select
  inheritance.inhparent::regclass as parent,
  inheritance.inhrelid::regclass as partition,
  pg_get_expr(relation.relpartbound, relation.oid) as bound
from pg_catalog.pg_inherits as inheritance
inner join pg_catalog.pg_class as relation on inheritance.inhrelid = relation.oid
where
  relation.relkind = 'r'
  and inheritance.inhparent <> 'queue.claim_registry'::regclass;

-- From nothing, with a small window; a changed setting needs the audit trail's partition.
update queue.settings
set service_months_back = 12, service_months_ahead = 1, staging_days_ahead = 2;
do $$
declare
  v_partition record;
begin
  for v_partition in select partitions.partition from partitions
  loop
    execute format('drop table %s', v_partition.partition);
  end loop;
end;
$$;
select is_empty('table partitions', 'there are no partitions');
call maintenance.ensure_partitions();

create temporary view expected as
select
  parent.name as parent,
  format('%s_%s', parent.name, to_char(span.first, 'YYYYMMDD')) as partition,
  format('FOR VALUES FROM (''%s'') TO (''%s'')', span.first::date, span.first::date + 1)
    as bound
from (values
  ('staging.claims'), ('staging.claim_lines'), ('staging.claim_findings'),
  ('staging.claim_scores')
) as parent (name)
cross join queue.settings as settings
cross join lateral generate_series(
  (now() at time zone 'UTC')::date::timestamp,
  (now() at time zone 'UTC')::date::timestamp
  + make_interval(days => settings.staging_days_ahead),
  interval '1 day'
) as span (first)
union all
select
  parent.name,
  format('%s_%s', parent.name, to_char(span.first, 'YYYYMM')),
  format(
    'FOR VALUES FROM (''%s'') TO (''%s'')', span.first::date,
    (span.first + interval '1 month')::date
  )
from (values
  ('production.claims'), ('production.claim_lines'), ('production.claim_findings'),
  ('production.claim_scores')
) as parent (name)
cross join queue.settings as settings
cross join lateral generate_series(
  date_trunc('month', now() at time zone 'UTC')
  - make_interval(months => settings.service_months_back),
  date_trunc('month', now() at time zone 'UTC')
  + make_interval(months => settings.service_months_ahead),
  interval '1 month'
) as span (first);

select set_eq(
  $$
    select partitions.parent::text, partitions.partition::text, partitions.bound
    from partitions
    where partitions.parent <> 'audit.events'::regclass
  $$,
  'select expected.parent, expected.partition, expected.bound from expected',
  'each day and month of the window has its partitions'
);
-- Events are by time, whose text depends on the time zone of the session.
select set_eq(
  $$
    select partitions.partition::text
    from partitions
    where partitions.parent = 'audit.events'::regclass
  $$,
  $$
    select 'audit.events_' || to_char(month.first, 'YYYYMM')
    from generate_series(
      date_trunc('month', now() at time zone 'UTC'),
      date_trunc('month', now() at time zone 'UTC') + interval '1 month',
      interval '1 month'
    ) as month (first)
  $$,
  'and so have the months of events'
);
select results_eq(
  $$
    select event.action, event.detail
    from audit.events as event
    where event.action = 'partitions.made'
  $$,
  $$
    select 'partitions.made', jsonb_build_object('count', count(*))
    from partitions
  $$,
  'an audit event counts what was made'
);

create temporary table before as table partitions;
call maintenance.ensure_partitions();
select bag_eq('table partitions', 'table before', 'a second call makes nothing');
select is(
  (select count(*) from audit.events as event where event.action = 'partitions.made'),
  1::bigint,
  'and says nothing'
);

update queue.settings
set service_months_back = 14, service_months_ahead = 3, staging_days_ahead = 5;
call maintenance.ensure_partitions();
select set_eq(
  $$
    select partitions.parent::text, partitions.partition::text, partitions.bound
    from partitions
    where partitions.parent <> 'audit.events'::regclass
  $$,
  'select expected.parent, expected.partition, expected.bound from expected',
  'a wider window gets what it lacks, on both sides'
);

-- Like their table.
create function pg_temp.columns_of(p_relation regclass)
returns jsonb
language sql
as $$
  select
    jsonb_agg(
      jsonb_build_array(
        attribute.attname,
        format_type(attribute.atttypid, attribute.atttypmod),
        attribute.attnotnull,
        attribute.attcollation,
        attribute.attstattarget,
        pg_get_expr(fallback.adbin, fallback.adrelid),
        col_description(attribute.attrelid, attribute.attnum)
      )
      order by attribute.attnum
    )
  from pg_catalog.pg_attribute as attribute
  left join pg_catalog.pg_attrdef as fallback
    on attribute.attrelid = fallback.adrelid and attribute.attnum = fallback.adnum
  where
    attribute.attrelid = p_relation
    and attribute.attnum > 0
    and not attribute.attisdropped
$$;
select is_empty(
  $$
    select partitions.partition
    from partitions
    where
      pg_temp.columns_of(partitions.partition)
      is distinct from pg_temp.columns_of(partitions.parent)
  $$,
  'a partition has the columns of its table, with all that is said of them'
);

create function pg_temp.constraints_of(p_relation regclass)
returns text[]
language sql
as $$
  select array_agg(pg_get_constraintdef(one.oid) order by pg_get_constraintdef(one.oid))
  from pg_catalog.pg_constraint as one
  where one.conrelid = p_relation
$$;
select is_empty(
  $$
    select partitions.partition
    from partitions
    where
      pg_temp.constraints_of(partitions.partition)
      is distinct from pg_temp.constraints_of(partitions.parent)
  $$,
  'it has its constraints'
);

create function pg_temp.indexes_of(p_relation regclass)
returns text[]
language sql
as $$
  -- Sorted without the names, which differ.
  select array_agg(defined.text order by defined.text)
  from pg_catalog.pg_index as one
  cross join
    lateral regexp_replace(
      pg_get_indexdef(one.indexrelid), '^(.*) INDEX .* ON .* USING', '\1'
    ) as defined (text)
  where one.indrelid = p_relation
$$;
select is_empty(
  $$
    select partitions.partition
    from partitions
    where
      pg_temp.indexes_of(partitions.partition)
      is distinct from pg_temp.indexes_of(partitions.parent)
  $$,
  'it has its indexes, and no other'
);
select is_empty(
  $$
    select one.indexrelid::regclass
    from pg_catalog.pg_index as one
    inner join partitions on one.indrelid = partitions.partition
    where
      not one.indisvalid
      or not exists (
        select from pg_catalog.pg_inherits as attached
        where attached.inhrelid = one.indexrelid
      )
  $$,
  'which are valid, and parts of those of the table'
);
select is_empty(
  $$
    select relation.name, relation.acl
    from our_relations as relation
    where
      relation.is_partition
      and (
        relation.owner <> 'claims_owner'::regrole
        or exists (
          select from aclexplode(relation.acl) as privilege
          where privilege.grantee <> 'claims_owner'::regrole
        )
      )
  $$,
  'its owner alone may touch it'
);

select finish();
rollback;
