-- Claims of one claim number are told apart by their names.
begin;
\ir ../../_support/fixture.sql
select plan(7);

create view duplicates as
select
  named.name as claim,
  finding.line_number::integer as line,
  finding.rule_code,
  finding.field,
  coalesce(holder.name, finding.value) as value
from
  validation.check_duplicate_claim(
    array[
      fixture.batch_id(), fixture.batch_id('second'), fixture.batch_id('other')
    ],
    array['2025-07-16']::date[],
    array[fixture.batch_id('validated')],
    array['2025-07-15']::date[]
  ) as finding
inner join fixture.claims as named on finding.claim_id = named.claim_id
left join fixture.claims as holder on finding.value = 'claim ' || holder.claim_id
order by named.name collate "C";

call fixture.add_batch('second');
call maintenance.add_submitter('other');
call fixture.add_batch('other', p_submitter => 'other');
call fixture.add_batch('validated', '2025-07-15 12:00 UTC', 'validated');

call fixture.add_claim('first', p_claim_number => 'A');
call fixture.add_claim('again', p_claim_number => 'A');
call fixture.add_claim('a third time', p_claim_number => 'A');
call fixture.add_claim('another number', p_claim_number => 'B');
call fixture.add_claim('corrected', p_claim_number => 'A', p_frequency_code => '7');
call fixture.add_claim('void', p_claim_number => 'A', p_frequency_code => '8');
call fixture.add_claim(
  'corrected again', p_claim_number => 'A', p_frequency_code => '7'
);
call fixture.add_claim('of another submitter', 'other', p_claim_number => 'A');

select results_eq(
  'select * from duplicates',
  $$ values
    ('a third time', 0, 'V040', 'claim_number', 'first'),
    ('again', 0, 'V040', 'claim_number', 'first'),
    ('corrected again', 0, 'V040', 'claim_number', 'corrected') $$,
  'V040: of one submitter, number and frequency the first claim of a call goes on'
);

call fixture.add_claim('copied first', 'second', p_claim_number => 'F');
call fixture.add_claim('first id', p_claim_number => 'F');
select results_eq(
  $$ select claim, value from duplicates where claim like '%first%' $$,
  $$ values ('copied first', 'first id') $$,
  'V040: the first is the one with the lowest id'
);
call fixture.remove_claims();

call fixture.add_claim('A, bad', p_claim_number => 'A');
call fixture.add_claim('A, good', p_claim_number => 'A');
call fixture.add_claim('A, too', p_claim_number => 'A');
call fixture.add_claim('B, warned of', p_claim_number => 'B');
call fixture.add_claim('B, too', p_claim_number => 'B');
call fixture.add_finding('A, bad', 'V006');
call fixture.add_finding('A, bad', 'V010');
call fixture.add_finding('B, warned of', 'V026');
select results_eq(
  'select claim, value from duplicates',
  $$ values ('A, too', 'A, good'), ('B, too', 'B, warned of') $$,
  'V040: the first is the first that no other rule rejects'
);
call fixture.remove_claims();

call fixture.add_claim('in production', p_claim_number => 'C');
call fixture.add_claim('in production, again', p_claim_number => 'C');
call fixture.add_claim(
  'in production, corrected', p_claim_number => 'C', p_frequency_code => '7'
);
call fixture.add_claim(
  'in production, but of another', 'other', p_claim_number => 'C'
);
call fixture.add_registered('in production', 900007);
select results_eq(
  'select claim, value from duplicates',
  $$ values
    ('in production', 'claim 900007'), ('in production, again', 'claim 900007') $$,
  'V040: no claim in production has the key'
);
call fixture.remove_claims();

-- Validated by earlier calls, two of them at the same time, and not transferred yet.
call fixture.add_claim('waits', 'validated', p_claim_number => 'D');
call fixture.add_claim('waits, too', 'validated', p_claim_number => 'D');
call fixture.add_claim('failed', 'validated', p_claim_number => 'E');
call fixture.add_finding('failed', 'V006');
select validation.fail_claims(
  array[fixture.batch_id('validated')],
  array['2025-07-15']::date[],
  array[fixture.claim_id('failed')],
  'validation'
);
call fixture.add_claim('one waits', p_claim_number => 'D');
call fixture.add_claim('one waits, again', p_claim_number => 'D');
call fixture.add_claim(
  'one waits, corrected', p_claim_number => 'D', p_frequency_code => '7'
);
call fixture.add_claim('one failed', p_claim_number => 'E');
select results_eq(
  'select claim, value from duplicates',
  $$ values ('one waits', 'waits'), ('one waits, again', 'waits') $$,
  'V040: no good claim that waits for its transfer has the key'
);

-- Moved since the call began to look.
call fixture.add_registered('waits', 900009);
select results_eq(
  'select claim, value from duplicates',
  $$ values ('one waits', 'claim 900009'), ('one waits, again', 'claim 900009') $$,
  'V040: a claim is reported once, with the claim in production if there is one'
);

select is_empty(
  $$
    select *
    from validation.check_duplicate_claim(
      array[fixture.batch_id('validated')], array['2025-07-16']::date[]
    )
  $$,
  'V040: a claim of another day is not looked at'
);

select finish();
rollback;
