begin;
\ir ../_support/fixture.sql
select plan(2);

select is_empty('select * from pipeline.failed_reasons', 'nothing has failed');

call fixture.add_undecoded('not decoded');
call fixture.add_claim('sex and units', p_patient_sex => 'X', p_units => 0);
call fixture.add_claim('sex', p_patient_sex => 'X');
call fixture.add_claim('superseded', p_patient_sex => 'X');
call fixture.process('batch');
update staging.failed_claims
set resolution = 'superseded', resolved_at = now(), replaced_by_claim_id = claim_id + 1
where claim_id = fixture.claim_id('superseded');

select results_eq(
  $$
    select
      failed.rule_code, failed.title, failed.hint, failed.claims, named.name
    from pipeline.failed_reasons as failed
    inner join fixture.claims as named on failed.example_claim_id = named.claim_id
    order by failed.rule_code
  $$,
  $$ values
    ('D000', 'the claim could not be decoded',
      'Correct the field that the reason names, and send the claim again.', 1::bigint,
      'not decoded'),
    ('V006', 'the sex is not F, M or U', 'Send F, M or U.', 2, 'sex and units'),
    ('V030', 'the units are zero or negative', 'Send the number of units performed.',
      1, 'sex and units')
  $$,
  'open claims count for each of their rules, with what to do and an example'
);

select finish();
rollback;
