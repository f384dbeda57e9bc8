-- A claim has two diagnoses here.
begin;
\ir ../../_support/fixture.sql
select plan(1);

call fixture.add_claim('the first', p_diagnosis_pointers => '{1}');
call fixture.add_claim('the last', p_diagnosis_pointers => '{2}');
call fixture.add_claim('both', p_diagnosis_pointers => '{2,1}');
call fixture.add_claim(
  'the malformed one, found at intake',
  p_diagnoses => '{I10,null}',
  p_diagnosis_pointers => '{2}'
);

call fixture.add_claim('zero', p_diagnosis_pointers => '{0}');
call fixture.add_claim('one beyond', p_diagnosis_pointers => '{3}');
call fixture.add_claim('negative', p_diagnosis_pointers => '{-1}');
call fixture.add_claim('the last of four', p_diagnosis_pointers => '{1,2,1,3}');
call fixture.add_claim('no diagnosis at all', p_diagnoses => null);
call fixture.add_claim('line 2');
call fixture.add_line('line 2', p_diagnosis_pointers => '{12}');

select results_eq(
  $$ select * from fixture.findings('check_diagnosis_pointers') $$,
  $$ values
    ('line 2', 2, 'V034', 'diagnosis_pointers', '12'),
    ('negative', 1, 'V034', 'diagnosis_pointers', '-1'),
    ('no diagnosis at all', 1, 'V034', 'diagnosis_pointers', '1'),
    ('one beyond', 1, 'V034', 'diagnosis_pointers', '3'),
    ('the last of four', 1, 'V034', 'diagnosis_pointers', '1,2,1,3'),
    ('zero', 1, 'V034', 'diagnosis_pointers', '0') $$,
  'V034: every pointer points at a diagnosis of the claim'
);

select finish();
rollback;
