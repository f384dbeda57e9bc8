-- Models are registered once, under their own version, and one is active.
begin;
\ir ../_support/fixture.sql
\ir ../_support/scoring.sql
select plan(10);

select is(
  fixture.register_model('model'),
  (select model.model_id from models.registry as model),
  'a model that is there keeps its key'
);
create function pg_temp.register(
  p_version text, p_file text, p_sha256 bytea, p_feature_version integer
)
returns integer
language sql
as $$
  select scoring.register_model(
    p_version, p_sha256, convert_to(p_file, 'UTF8'), p_feature_version,
    array(select name from scoring.feature_list order by ordinal), '{}'
  )
$$;
select throws_ok(
  $$ select pg_temp.register('other', 'other', sha256('other'), 999) $$,
  'SC002', null, 'another version of the features'
);
select throws_ok(
  $$
    select scoring.register_model(
      'other', sha256('other'), 'other', scoring.feature_version(), '{patient_age}', '{}'
    )
  $$,
  'SC002', null, 'other features'
);
select throws_ok(
  $$
    select pg_temp.register(
      'other', 'other', sha256('another'), scoring.feature_version()
    )
  $$,
  'SC003', null, 'a hash of something else'
);
select throws_ok(
  $$
    select pg_temp.register('model', 'other', sha256('other'), scoring.feature_version())
  $$,
  'SC004', null, 'a version that is taken'
);
select throws_ok(
  $$
    select pg_temp.register('other', 'model', sha256('model'), scoring.feature_version())
  $$,
  'SC004', null, 'a file that is registered under another version'
);

select throws_ok(
  $$ call scoring.activate_model('none') $$, 'SC005', null, 'no such model'
);
do $$ begin perform fixture.register_model('second'); end $$;
call scoring.activate_model('model');
call scoring.activate_model('second');
call scoring.activate_model('second');
select results_eq(
  'select version from models.registry where is_active', $$ values ('second') $$,
  'the last one is active'
);
select results_eq(
  $$
    select event.detail ->> 'version'
    from audit.events as event
    where event.action = 'model.activated'
    order by event.event_id
  $$,
  $$ values ('model'), ('second') $$,
  'each change has its event'
);
update models.registry as model
set feature_version = model.feature_version + 1
where model.version = 'model';
select throws_ok(
  $$ call scoring.activate_model('model') $$,
  'SC002', null, 'a model for other features is not made active'
);

select finish();
rollback;
