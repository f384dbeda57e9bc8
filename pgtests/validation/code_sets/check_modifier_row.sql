-- 71046 has rows for 26 and TC, 99213 has not.
begin;
\ir ../../_support/fixture.sql
select plan(2);

call fixture.add_claim('no modifier');
call fixture.add_claim('26 with a row', p_hcpcs => '71046', p_modifiers => '{26}');
call fixture.add_claim('TC with a row', p_hcpcs => '71046', p_modifiers => '{59,TC}');
call fixture.add_claim('25 needs no row', p_modifiers => '{25}');
call fixture.add_claim('53 is considered by a person', p_modifiers => '{53}');
call fixture.add_claim('V021 reports it', p_hcpcs => '99999', p_modifiers => '{26}');
call fixture.add_claim('malformed', p_hcpcs => null, p_modifiers => '{26}');
call fixture.add_claim(
  'no release', p_modifiers => '{26}', p_service_date => '2024-12-31'
);
call fixture.add_claim('26 without a row', p_modifiers => '{26}');
call fixture.add_claim('the last of four', p_modifiers => '{25,59,XS,TC}');
call fixture.add_claim('both', p_modifiers => '{26,TC}');
call fixture.add_claim('told once', p_modifiers => '{26,26,26}');
call fixture.add_claim('line 2');
call fixture.add_line('line 2', p_modifiers => '{26}');

select results_eq(
  $$ select * from fixture.findings('check_modifier_row') $$,
  $$ values
    ('26 without a row', 1, 'V022', 'modifiers', '26'),
    ('both', 1, 'V022', 'modifiers', '26'),
    ('both', 1, 'V022', 'modifiers', 'TC'),
    ('line 2', 2, 'V022', 'modifiers', '26'),
    ('the last of four', 1, 'V022', 'modifiers', 'TC'),
    ('told once', 1, 'V022', 'modifiers', '26') $$,
  'V022: a code with modifier 26 or TC has a row for it'
);
call fixture.remove_claims();

call fixture.add_release('rvu', 'July', '2025-07-01');
call fixture.add_procedure('93000', p_release => 'July');
call fixture.add_procedure('93000', '26', p_release => 'July');
call fixture.add_procedure('93000');
call fixture.add_claim(
  'before the row', p_hcpcs => '93000', p_modifiers => '{26}',
  p_service_date => '2025-06-30'
);
call fixture.add_claim(
  'with the row', p_hcpcs => '93000', p_modifiers => '{26}',
  p_service_date => '2025-07-01'
);

select results_eq(
  $$ select claim from fixture.findings('check_modifier_row') $$,
  $$ values ('before the row') $$,
  'V022: the rows are those in force on the date of service of the line'
);

select finish();
rollback;
