begin;
\ir ../_support/fixture.sql
select plan(3);

call fixture.add_batch('validated', p_state => 'validated');
call fixture.add_claim('first', p_batch => 'validated', p_claim_number => 'A');
call fixture.add_claim('second', p_batch => 'validated', p_claim_number => 'A');
select transfer._register_claims(
  array[fixture.batch_id('validated')], '{2025-07-16}', '{}'
) as lost \gset

select results_eq(
  $$
    select *
    from transfer._fail_duplicates(
      array[fixture.batch_id('validated')], '{2025-07-16}',
      array[fixture.claim_id('second')]
    )
  $$,
  $$ values (fixture.batch_id('validated'), 1) $$,
  'the claim is counted for its batch'
);
select results_eq(
  $$
    select failed.claim_id, failed.stage, failed.rule_codes,
      failed.reasons -> 0 ->> 'value'
    from staging.failed_claims as failed
  $$,
  $$ values (
    fixture.claim_id('second'), 'transfer', '{V040}'::text[],
    'claim ' || fixture.claim_id('first')
  ) $$,
  'it fails as a duplicate of the one that has the key'
);
select is_empty(
  $$
    select *
    from transfer._fail_duplicates(
      array[fixture.batch_id('validated')], '{2025-07-16}', '{}'
    )
  $$,
  'where none has lost, nothing is done'
);

select finish();
rollback;
