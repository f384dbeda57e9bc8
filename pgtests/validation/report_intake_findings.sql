begin;
\ir ../_support/fixture.sql
select plan(1);

call fixture.add_claim('nothing found');
call fixture.add_claim(
  'one',
  p_intake_findings => '[{"rule": "V003", "line": 0, "field": "patient.member_id"}]'
);
call fixture.add_claim(
  'several',
  p_intake_findings => '[
    {"rule": "V001", "line": 2, "field": "service_lines[1].hcpcs"},
    {"rule": "V002", "line": 1, "field": "service_lines[0].date_of_service"},
    {"rule": "V004", "line": 0, "field": "patient.birth_date"},
    {"rule": "V001", "line": 2, "field": "service_lines[1].modifiers[0]"}
  ]'
);

select results_eq(
  $$ select * from fixture.findings('report_intake_findings') $$,
  $$ values
    ('one', 0, 'V003', 'patient.member_id', null),
    ('several', 0, 'V004', 'patient.birth_date', null),
    ('several', 1, 'V002', 'service_lines[0].date_of_service', null),
    ('several', 2, 'V001', 'service_lines[1].hcpcs', null),
    ('several', 2, 'V001', 'service_lines[1].modifiers[0]', null) $$,
  'V001 to V007: what the edge found is reported whole, without the values'
);

select finish();
rollback;
