-- One claim breaks every rule that there is, and everything is reported.
begin;
\ir ../../_support/fixture.sql
select plan(5);

-- Diagnoses are judged by the claim's first date of service, which is too old here.
call fixture.add_release('icd10cm', 'old', '2019-01-01', '2019-12-31');
call fixture.add_diagnosis('E119', 'old');

call fixture.add_claim('good');
call fixture.add_claim(
  'all wrong',
  p_claim_number => 'good',
  p_billing_npi => '1234567890',
  p_rendering_npi => '3000000000',
  p_patient_sex => 'X',
  p_diagnoses => '{Z9999,E11}',
  p_total_charge => 1,
  p_intake_findings => '[
    {"rule": "V001", "line": 1, "field": "service_lines[0].modifiers[1]"},
    {"rule": "V002", "line": 3, "field": "service_lines[2].date_of_service"},
    {"rule": "V003", "line": 0, "field": "patient.member_id"},
    {"rule": "V004", "line": 0, "field": "patient.birth_date"},
    {"rule": "V005", "line": 0, "field": "patient.birth_date"},
    {"rule": "V007", "line": 0, "field": "patient.birth_date"}
  ]',
  p_service_date => '2025-07-01',
  p_service_date_to => '2025-06-30',
  p_modifiers => '{26}',
  p_place_of_service => '00',
  p_units => -0.5,
  p_charge => 0,
  p_diagnosis_pointers => '{3}'
);
call fixture.add_line(
  'all wrong', p_service_date => '2025-07-18', p_hcpcs => '99999'
);
call fixture.add_line('all wrong', p_service_date => null);
call fixture.add_line('all wrong', p_service_date => '2019-07-01');
call fixture.add_line('all wrong', p_service_date => '2019-07-01');

set local datestyle = 'German';
select results_eq(
  $$ select * from validation.validate_batches(array[fixture.batch_id()]) $$,
  $$ values (fixture.batch_id(), 2, 1, 31) $$,
  'two claims are checked, and one fails'
);
reset datestyle;

select results_eq(
  $$
    select claim, line, rule_code, field, value
    from fixture.staged_findings
    order by line, rule_code, field
  $$,
  $$ values
    ('all wrong', 0, 'V003', 'patient.member_id', null),
    ('all wrong', 0, 'V004', 'patient.birth_date', null),
    ('all wrong', 0, 'V005', 'patient.birth_date', null),
    ('all wrong', 0, 'V006', 'patient.sex', 'X'),
    ('all wrong', 0, 'V007', 'patient.birth_date', null),
    ('all wrong', 0, 'V010', 'billing_npi', '1234567890'),
    ('all wrong', 0, 'V011', 'rendering_npi', '3000000000'),
    ('all wrong', 0, 'V023', 'diagnoses[0]', 'Z9999'),
    ('all wrong', 0, 'V024', 'diagnoses[1]', 'E11'),
    ('all wrong', 0, 'V033', 'total_charge', '1.00, lines 480.00'),
    ('all wrong', 0, 'V040', 'claim_number', 'claim ' || fixture.claim_id('good')),
    ('all wrong', 1, 'V001', 'service_lines[0].modifiers[1]', null),
    ('all wrong', 1, 'V012', 'date_of_service_to', '2025-06-30'),
    ('all wrong', 1, 'V022', 'modifiers', '26'),
    ('all wrong', 1, 'V025', 'place_of_service', '00'),
    ('all wrong', 1, 'V030', 'units', '-0.500'),
    ('all wrong', 1, 'V031', 'units', '-0.500'),
    ('all wrong', 1, 'V032', 'charge', '0.00'),
    ('all wrong', 1, 'V034', 'diagnosis_pointers', '3'),
    ('all wrong', 2, 'V013', 'date_of_service', '2025-07-18'),
    ('all wrong', 2, 'V021', 'hcpcs', '99999'),
    ('all wrong', 3, 'V002', 'service_lines[2].date_of_service', null),
    ('all wrong', 4, 'V014', 'date_of_service', '2019-07-01'),
    ('all wrong', 4, 'V015', 'date_of_service', '2019-07-01'),
    ('all wrong', 4, 'V026', 'hcpcs', '2019-07-01'),
    ('all wrong', 4, 'V026', 'place_of_service', '2019-07-01'),
    ('all wrong', 5, 'V014', 'date_of_service', '2019-07-01'),
    ('all wrong', 5, 'V015', 'date_of_service', '2019-07-01'),
    ('all wrong', 5, 'V026', 'hcpcs', '2019-07-01'),
    ('all wrong', 5, 'V026', 'place_of_service', '2019-07-01'),
    ('all wrong', 5, 'V041', 'hcpcs', '99213 on 2019-07-01 repeats line 4') $$,
  'every finding of a claim is reported, with field, line and value'
);

select set_eq(
  'select distinct rule_code from fixture.staged_findings',
  'select rule_code from reference.rules where rule_code <> ''X001''',
  'every rule that reference.rules lists is one that is looked at'
);

select is_empty(
  $$
    select found.*
    from fixture.staged_findings as found
    left join reference.rules as rule on found.rule_code = rule.rule_code
    where found.disposition is distinct from rule.disposition
  $$,
  'a finding does what its rule says'
);

select results_eq(
  $$
    select claim_id, cardinality(rule_codes), jsonb_array_length(reasons)
    from staging.failed_claims
  $$,
  $$ values (fixture.claim_id('all wrong'), 23, 31) $$,
  'however many findings, a claim fails once'
);

select finish();
rollback;
