begin;
\ir ../../_support/fixture.sql
select plan(2);

call fixture.add_diagnosis('J209');
call fixture.add_diagnosis('J2090');
call fixture.add_claim('valid', p_diagnoses => '{E119,I10}');
call fixture.add_claim('valid, though a longer one begins so', p_diagnoses => '{J209}');
call fixture.add_claim('unknown is for V023', p_diagnoses => '{Z9999,E1190}');
call fixture.add_claim('malformed, found at intake', p_diagnoses => '{null,I10}');
call fixture.add_claim(
  'no release', p_diagnoses => '{E11}', p_service_date => '2024-12-31'
);
call fixture.add_claim('category', p_diagnoses => '{E11}');
call fixture.add_claim('the second', p_diagnoses => '{I10,J20}');

select results_eq(
  $$ select * from fixture.findings('check_diagnosis_specificity') $$,
  $$ values
    ('category', 0, 'V024', 'diagnoses[0]', 'E11'),
    ('the second', 0, 'V024', 'diagnoses[1]', 'J20') $$,
  'V024: each diagnosis is coded to full specificity'
);
call fixture.remove_claims();

-- From July on I10 is split.
call fixture.add_release('icd10cm', 'new year', '2025-07-01');
call fixture.add_diagnosis('I101', 'new year');
call fixture.add_claim(
  'not split yet', p_diagnoses => '{I10}', p_service_date => '2025-06-30'
);
call fixture.add_claim(
  'split', p_diagnoses => '{I10}', p_service_date => '2025-07-01'
);

select results_eq(
  $$ select claim, value from fixture.findings('check_diagnosis_specificity') $$,
  $$ values ('split', 'I10') $$,
  'V024: what is specific is what is so on the first date of service of the claim'
);

select finish();
rollback;
