-- What the service reads holds the rows of the submitter that the transaction is set
-- to: none set, none seen. Operators see all.
begin;
\ir ../_support/fixture.sql
select plan(8);

call maintenance.add_submitter('second');
insert into vault.data_keys (purpose, wrapped_key, wrapping_key_check)
values ('phi', 'x', 'x')
on conflict do nothing;
insert into queue.batches (
  batch_id, submitter_id, idempotency_key, received_on, data_key_id, claim_count,
  staged_count, line_count, first_claim_id, last_claim_id
)
select
  900000 + submitter.submitter_id,
  submitter.submitter_id,
  'access',
  current_date,
  (select min(data_key_id) from vault.data_keys),
  1, 1, 1, 1, 1
from queue.submitters as submitter
where submitter.name in ('default', 'second');

set local role claims_app;
select is((select count(*) from access.batches), 0::bigint, 'nobody set, nothing seen');
select throws_ok(
  'select from production.claims', '42501', null, 'the app reads no table of claims'
);
select throws_ok(
  'select token_hash from vault.api_clients', '42501', null, 'nor the hashes of tokens'
);
select set_config(
  'claims.submitter_id',
  (select submitter_id::text from queue.submitters where name = 'second'),
  true
);
select results_eq(
  'select batch_id from access.batches',
  $$ select 900000 + submitter_id::bigint from queue.submitters where name = 'second' $$,
  'one set, its rows seen'
);
select throws_ok(
  $$ select auditing.record_access('batches.transferred', 1, null, null, '{}') $$,
  'AU003', null, 'the app does not record what it has not done'
);
reset role;

set local role claims_operator;
select cmp_ok(
  (select count(*) from access.batches), '>=', 2::bigint, 'an operator sees all'
);
select lives_ok(
  $$ select access.add_client(
    'a', 'second', array['admin'], sha256('x'), now() + interval '1 day'
  ) $$,
  'and makes clients'
);
select throws_ok(
  $$ select access.add_client(
    'a', 'second', array['admin'], sha256('y'), now() + interval '1 day'
  ) $$,
  'AC001', null, 'whose names are used once'
);
reset role;

select finish();
rollback;
