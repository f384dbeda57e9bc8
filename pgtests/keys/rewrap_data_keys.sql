-- All data keys or none: one that stays under the old wrapping key would be lost.
begin;
\ir ../_support/fixture.sql
select plan(4);

select keys.add_first_data_key('token', 'wrapped', 'check', 'key');
select throws_ok(
  $$
    select keys.rewrap_data_keys(
      array[min(data_key.data_key_id)], '{again}', 'other', '{key}'
    )
    from vault.data_keys as data_key
  $$,
  'KY004', 'a data key was made since the keys were read', 'one key is missing'
);
select lives_ok(
  $$
    select keys.rewrap_data_keys(
      array_agg(data_key.data_key_id), array_agg('again'::bytea), 'other',
      array_agg('key'::bytea)
    )
    from vault.data_keys as data_key
  $$,
  'all are given'
);
select bag_eq(
  $$
    select
      convert_from(data_key.wrapped_key, 'UTF8') as wrapped_key,
      convert_from(data_key.wrapping_key_check, 'UTF8') as wrapping_key_check,
      convert_from(data_key.key_check, 'UTF8') as key_check
    from vault.data_keys as data_key
  $$,
  $$ values ('again', 'other', 'key'), ('again', 'other', 'key') $$,
  'all are replaced'
);
select set_eq(
  $$
    select event.action
    from audit.events as event
    where event.action ~ '^keys?\.'
  $$,
  $$ values ('key.made'), ('keys.rewrapped') $$,
  'events say so'
);

select finish();
rollback;
