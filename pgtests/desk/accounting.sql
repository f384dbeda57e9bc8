-- Claims loaded = in progress + transferred + failed + superseded, in every state.
begin;
\ir ../_support/fixture.sql
select plan(8);

create function pg_temp.accounts(p_expected integer[], p_description text)
returns text
language sql
as $$
  select is(
    (
      select array[
        accounting.loaded, accounting.in_progress, accounting.transferred,
        accounting.failed, accounting.superseded, accounting.pended,
        accounting.difference
      ]
      from pipeline.accounting as accounting
    ),
    p_expected::bigint[] || 0::bigint,
    p_description
  )
$$;

truncate queue.batches cascade;
select pg_temp.accounts('{0,0,0,0,0,0}', 'nothing is loaded');

call fixture.add_procedure('1000C', p_status_code => 'C');
call fixture.add_batch('first');
call fixture.add_undecoded('not decoded', p_batch => 'first');
call fixture.add_claim('approved', p_batch => 'first', p_claim_number => 'A');
call fixture.add_claim('for review', p_batch => 'first', p_hcpcs => '1000C');
call fixture.add_claim('rejected', p_batch => 'first', p_patient_sex => 'X');
call fixture.add_batch('second');
call fixture.add_claim('duplicate', p_batch => 'second', p_claim_number => 'A');
select pg_temp.accounts('{5,4,0,1,0,0}', 'received: what was not decoded has failed');

select validation.validate_batches(array[fixture.batch_id('first')])
  as done \gset first_
select pg_temp.accounts('{5,3,0,2,0,0}', 'validated: what was rejected has failed');

-- As if validated by another call at the same time, which cannot see the first.
update queue.batches set state = 'validated' where idempotency_key = 'second';
select transfer.move_batches(array[fixture.batch_id('first')]) as done \gset first_
select pg_temp.accounts('{5,1,2,2,0,1}', 'one batch transferred, the other validated');

select transfer.move_batches(array[fixture.batch_id('second')]) as done \gset second_
select pg_temp.accounts('{5,0,2,3,0,1}', 'transferred: the duplicate has failed');

update staging.failed_claims
set resolution = 'superseded', resolved_at = now(), replaced_by_claim_id = claim_id + 1
where claim_id = fixture.claim_id('rejected');
select pg_temp.accounts('{5,0,2,2,1,1}', 'a failed claim that was superseded');

delete from staging.failed_claims where claim_id = fixture.claim_id('not decoded');
select is(
  (select accounting.difference from pipeline.accounting as accounting),
  1::bigint,
  'a claim that is nowhere shows'
);
update queue.batches set claims_moved = claims_moved + 2
where idempotency_key = 'first';
select is(
  (select accounting.difference from pipeline.accounting as accounting),
  -1::bigint,
  'and so does one that is there twice'
);

select finish();
rollback;
