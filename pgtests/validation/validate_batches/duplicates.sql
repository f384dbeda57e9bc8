-- The rule of duplicates runs after the others, and over all that is not transferred.
begin;
\ir ../../_support/fixture.sql
select plan(3);

create view pg_temp.duplicates as
select
  found.claim,
  holder.name as value
from fixture.staged_findings as found
inner join fixture.claims as holder on found.value = 'claim ' || holder.claim_id
where found.rule_code = 'V040'
order by found.claim collate "C";

call fixture.add_claim('A, bad', p_claim_number => 'A', p_units => 0);
call fixture.add_claim('A, good', p_claim_number => 'A');
call fixture.add_batch('same call');
call fixture.add_claim('A, same call', 'same call', p_claim_number => 'A');
call fixture.add_claim('B', 'same call', p_claim_number => 'B');
select validation.validate_batches(
  array[fixture.batch_id(), fixture.batch_id('same call')]
);
select results_eq(
  'select * from pg_temp.duplicates',
  $$ values ('A, same call', 'A, good') $$,
  'V040: in one call the first good claim goes on, in whatever batch it is'
);

-- Neither transferred, nor on the day of this call.
call fixture.add_batch('next day', '2025-07-17 12:00 UTC');
call fixture.add_claim('B, next day', 'next day', p_claim_number => 'B');
call fixture.add_claim('C', 'next day', p_claim_number => 'C');
select validation.validate_batches(array[fixture.batch_id('next day')]);
select results_eq(
  'select * from pg_temp.duplicates',
  $$ values ('A, same call', 'A, good'), ('B, next day', 'B') $$,
  'V040: a claim that an earlier call found good stands in the way while it waits'
);

select transfer.move_batches(
  array[fixture.batch_id(), fixture.batch_id('same call'), fixture.batch_id('next day')]
);
call fixture.add_batch('later', '2025-07-18 12:00 UTC');
call fixture.add_claim('A, later', 'later', p_claim_number => 'A');
call fixture.add_claim('C, later', 'later', p_claim_number => 'C');
select validation.validate_batches(array[fixture.batch_id('later')]);
select results_eq(
  'select * from pg_temp.duplicates',
  $$ values
    ('A, later', 'A, good'), ('A, same call', 'A, good'), ('B, next day', 'B'),
    ('C, later', 'C') $$,
  'V040: and so it does in production'
);

select finish();
rollback;
