begin;
\ir ../../_support/fixture.sql
select plan(1);

call fixture.add_claim('female', p_patient_sex => 'F');
call fixture.add_claim('male', p_patient_sex => 'M');
call fixture.add_claim('unknown', p_patient_sex => 'U');
call fixture.add_claim('malformed, found at intake', p_patient_sex => null);
call fixture.add_claim('another letter', p_patient_sex => 'X');
call fixture.add_claim('lower case', p_patient_sex => 'f');

select results_eq(
  $$ select * from fixture.findings('check_sex') $$,
  $$ values
    ('another letter', 0, 'V006', 'patient.sex', 'X'),
    ('lower case', 0, 'V006', 'patient.sex', 'f') $$,
  'V006: the sex is F, M or U'
);

select finish();
rollback;
