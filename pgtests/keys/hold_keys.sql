-- What was encrypted under keys that were changed meanwhile is not stored.
begin;
\ir ../_support/fixture.sql
select plan(8);

create temporary table key as
select data_key.data_key_id as old_id
from vault.data_keys as data_key
where data_key.purpose = 'phi';
insert into vault.erasure_keys (store_id, generation, place)
values ('00000000-0000-0000-0000-000000000001', 3, 'host:/erasure.keys');

select lives_ok(
  $$ select keys.hold_keys(key.old_id, 3) from key $$, 'the active key and the newest'
);
select lives_ok(
  $$ select keys.hold_keys(key.old_id, 4) from key $$,
  'erasure keys may be newer: the database may be a backup'
);
select throws_ok(
  $$ select keys.hold_keys(key.old_id, 2) from key $$, 'KY002',
  'the erasure keys of generation 2 are not the newest', 'older erasure keys are refused'
);

select keys.announce_erasure(4);
select throws_ok(
  $$ select keys.hold_keys(key.old_id, 3) from key $$, 'KY002',
  'the erasure keys of generation 3 are not the newest',
  'refused, too, once an erasure has begun'
);
select keys.end_erasure(4, '{}');
select is(
  (select store.generation from vault.erasure_keys as store), 4,
  'an erasure that ends leaves the newer generation'
);

create temporary table rotated as
select keys.rotate_data_key(key.old_id, 'wrapped', 'check', 'key') as new_id
from key;
select throws_like(
  $$ select keys.hold_keys(key.old_id, 4) from key $$,
  'data key % encrypts no new claims: it was retired', 'a retired key is refused'
);
select lives_ok(
  $$ select keys.hold_keys(rotated.new_id, 4) from rotated $$, 'the new one is taken'
);
select throws_ok(
  $$ select keys.rotate_data_key(key.old_id, 'wrapped', 'check', 'key') from key $$,
  'KY003', null, 'a key that is retired is not rotated again'
);

select finish();
rollback;
