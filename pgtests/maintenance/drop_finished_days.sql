-- A day leaves staging as a whole, when it is old enough and nothing in it waits.
begin;
\ir ../_support/fixture.sql
select plan(12);

update queue.settings set staging_retention_days = 14;
truncate queue.batches cascade;

create temporary view days as
select inheritance.inhrelid::regclass::text as partition
from pg_catalog.pg_inherits as inheritance
where inheritance.inhparent in (
  'staging.claims'::regclass, 'staging.claim_lines'::regclass,
  'staging.claim_findings'::regclass
);
create function pg_temp.day(p_days_ago integer)
returns text
language sql
as $$
  select to_char((now() at time zone 'UTC')::date - p_days_ago, 'YYYYMMDD')
$$;
create procedure pg_temp.add_batch(p_batch text, p_days_ago integer)
language sql
as $$
  call fixture.add_batch(p_batch, now() - make_interval(days => p_days_ago));
  call fixture.add_claim(p_batch, p_batch => p_batch);
$$;

create temporary table fresh as table days;
call maintenance.drop_finished_days();
select bag_eq(
  'table days', $$ select partition from fresh where partition !~ '20250716' $$,
  'an old day without a batch goes, others stay'
);

call pg_temp.add_batch('finished, 15 days old', 15);
call fixture.add_claim(
  'failed', p_batch => 'finished, 15 days old', p_patient_sex => 'X'
);
call fixture.process('finished, 15 days old');
call pg_temp.add_batch('finished, 14 days old', 14);
call fixture.process('finished, 14 days old');
call pg_temp.add_batch('received, 20 days old', 20);
call pg_temp.add_batch('validated, 30 days old', 30);
select validation.validate_batches(
  array[fixture.batch_id('validated, 30 days old')]
) as done \gset validated_
call pg_temp.add_batch('finished, 40 days old', 40);
call fixture.process('finished, 40 days old');
call pg_temp.add_batch('waits beside it', 40);
create temporary table before as table days;

call maintenance.drop_finished_days();
select set_eq(
  'table before except table days',
  $$
    select format('staging.%s_%s', parent.name, pg_temp.day(15))
    from (values ('claims'), ('claim_lines'), ('claim_findings')) as parent (name)
  $$,
  'only the finished day that is older than the retention goes, all three tables of it'
);
select is_empty(
  'table days except table before', 'and nothing is made'
);
select is_empty(
  $$
    select relation.oid::regclass
    from pg_catalog.pg_class as relation
    where
      relation.relnamespace = 'staging'::regnamespace
      and relation.relname like '%' || pg_temp.day(15) || '%'
  $$,
  'it is dropped, not only detached'
);
select results_eq(
  $$
    select event.action, event.detail
    from audit.events as event
    where event.action = 'partitions.dropped'
    order by event.event_id desc
    limit 1
  $$,
  $$
    select
      'partitions.dropped',
      jsonb_build_object(
        'partitions',
        jsonb_build_array(
          'claim_findings_' || pg_temp.day(15), 'claim_lines_' || pg_temp.day(15),
          'claim_scores_' || pg_temp.day(15), 'claims_' || pg_temp.day(15)
        )
      )
  $$,
  'an audit event names what went'
);
select is(
  (
    select jsonb_array_length(failed.staged_lines)
    from staging.failed_claims as failed
    where failed.claim_id = fixture.claim_id('failed')
  ),
  1,
  'what failed lives on, with its lines'
);
select is(
  (
    select claim.decision
    from production.claims as claim
    where claim.claim_id = fixture.claim_id('finished, 15 days old')
  ),
  'denied',
  'and what was moved is in production'
);
select results_eq(
  'select accounting.loaded, accounting.difference from pipeline.accounting',
  $$ values (7::bigint, 0::bigint) $$,
  'all are accounted for'
);

create temporary table events as table audit.events;
call maintenance.drop_finished_days();
select bag_eq(
  'table audit.events', 'table events', 'a second call drops nothing and says nothing'
);

-- What waited is finished; the day goes with the next call.
call fixture.process('waits beside it', 'validated, 30 days old');
call maintenance.drop_finished_days();
select set_eq(
  $$
    select substring(before.partition from '\d{8}$')
    from before
    where before.partition not in (table days)
  $$,
  $$ values (pg_temp.day(15)), (pg_temp.day(30)), (pg_temp.day(40)) $$,
  'days go when their last batch is finished'
);
update queue.settings set staging_retention_days = 1;
call maintenance.drop_finished_days();
select set_eq(
  $$
    select substring(before.partition from '\d{8}$')
    from before
    where before.partition not in (table days)
  $$,
  $$
    values (pg_temp.day(14)), (pg_temp.day(15)), (pg_temp.day(30)), (pg_temp.day(40))
  $$,
  'the retention is a setting'
);
select is(
  (select count(*) from staging.claims),
  1::bigint,
  'what still waits is still there'
);

select finish();
rollback;
