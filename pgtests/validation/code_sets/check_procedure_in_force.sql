begin;
\ir ../../_support/fixture.sql
select plan(2);

call fixture.add_claim('on the schedule');
call fixture.add_claim(
  'with a modifier that has no row', p_hcpcs => '99213', p_modifiers => '{TC}'
);
call fixture.add_claim('malformed, found at intake', p_hcpcs => null);
call fixture.add_claim(
  'no release', p_hcpcs => '99999', p_service_date => '2024-12-31'
);
call fixture.add_claim('unknown', p_hcpcs => '99999');
call fixture.add_claim('line 2 unknown');
call fixture.add_line('line 2 unknown', p_hcpcs => 'J9999');

select results_eq(
  $$ select * from fixture.findings('check_procedure_in_force') $$,
  $$ values
    ('line 2 unknown', 2, 'V021', 'hcpcs', 'J9999'),
    ('unknown', 1, 'V021', 'hcpcs', '99999') $$,
  'V021: the procedure code is on the fee schedule'
);
call fixture.remove_claims();

-- From July on another release holds, which lacks one code and has another.
call fixture.add_release('rvu', 'July', '2025-07-01');
call fixture.add_procedure('G0136', p_release => 'July');
call fixture.add_claim(
  'before it began', p_hcpcs => 'G0136', p_service_date => '2025-06-30'
);
call fixture.add_claim(
  'its first day', p_hcpcs => 'G0136', p_service_date => '2025-07-01'
);
call fixture.add_claim(
  'its last day', p_hcpcs => '99213', p_service_date => '2025-06-30'
);
call fixture.add_claim(
  'after it ended', p_hcpcs => '99213', p_service_date => '2025-07-01'
);

select results_eq(
  $$ select claim, value from fixture.findings('check_procedure_in_force') $$,
  $$ values ('after it ended', '99213'), ('before it began', 'G0136') $$,
  'V021: the schedule is the one in force on the date of service of the line'
);

select finish();
rollback;
