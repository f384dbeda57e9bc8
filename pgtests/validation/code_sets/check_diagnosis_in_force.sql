begin;
\ir ../../_support/fixture.sql
select plan(2);

call fixture.add_claim('valid', p_diagnoses => '{E119,I10}');
call fixture.add_claim('a heading is for V024', p_diagnoses => '{E11}');
call fixture.add_claim('malformed, found at intake', p_diagnoses => '{null,I10}');
call fixture.add_claim(
  'no release', p_diagnoses => '{Z9999}', p_service_date => '2024-12-31'
);
call fixture.add_claim('unknown', p_diagnoses => '{Z9999}');
call fixture.add_claim('the second and third', p_diagnoses => '{I10,E1190,Q999}');
call fixture.add_claim('the same twice', p_diagnoses => '{Z9999,Z9999}');

select results_eq(
  $$ select * from fixture.findings('check_diagnosis_in_force') $$,
  $$ values
    ('the same twice', 0, 'V023', 'diagnoses[0]', 'Z9999'),
    ('the same twice', 0, 'V023', 'diagnoses[1]', 'Z9999'),
    ('the second and third', 0, 'V023', 'diagnoses[1]', 'E1190'),
    ('the second and third', 0, 'V023', 'diagnoses[2]', 'Q999'),
    ('unknown', 0, 'V023', 'diagnoses[0]', 'Z9999') $$,
  'V023: each diagnosis is an ICD-10-CM code'
);
call fixture.remove_claims();

-- A fiscal year begins on July 1 here, has one code anew and another no more.
call fixture.add_release('icd10cm', 'new year', '2025-07-01');
call fixture.add_diagnosis('G35D', 'new year');
call fixture.add_claim(
  'before it began', p_diagnoses => '{G35D}', p_service_date => '2025-06-30'
);
call fixture.add_claim(
  'its first day', p_diagnoses => '{G35D}', p_service_date => '2025-07-01'
);
call fixture.add_claim(
  'its last day', p_diagnoses => '{I10}', p_service_date => '2025-06-30'
);
call fixture.add_claim(
  'after it ended', p_diagnoses => '{I10}', p_service_date => '2025-07-01'
);
call fixture.add_claim(
  'over the new year', p_diagnoses => '{I10}', p_service_date => '2025-07-01'
);
call fixture.add_line('over the new year', p_service_date => '2025-06-30');

select results_eq(
  $$ select claim, value from fixture.findings('check_diagnosis_in_force') $$,
  $$ values ('after it ended', 'I10'), ('before it began', 'G35D') $$,
  'V023: the codes are those in force on the first date of service of the claim'
);

select finish();
rollback;
