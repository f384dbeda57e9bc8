begin;
\ir ../_support/fixture.sql
select plan(2);

select is_empty('select * from pipeline.pended_reasons', 'nothing waits');

call fixture.add_procedure('1000C', p_status_code => 'C');
call fixture.add_procedure('1000B', p_status_code => 'B');
call fixture.add_claim('priced and bundled');
call fixture.add_line('priced and bundled', p_hcpcs => '1000B');
call fixture.add_claim('contractor''s, twice', p_hcpcs => '1000C');
call fixture.add_line(
  'contractor''s, twice', p_hcpcs => '1000C', p_modifiers => '{59}'
);
call fixture.add_line('contractor''s, twice', p_modifiers => '{22}');
call fixture.add_claim('contractor''s', p_hcpcs => '1000C');
call fixture.process('batch');

select results_eq(
  $$
    select
      pended.reason_code, pended.title, pended.hint, pended.lines, pended.claims,
      named.name
    from pipeline.pended_reasons as pended
    inner join fixture.claims as named on pended.example_claim_id = named.claim_id
    order by pended.reason_code
  $$,
  $$ values
    ('contractor_priced', 'the contractor sets the price',
      'Price by the contractor''s schedule or by report.', 3::bigint, 2::bigint,
      'contractor''s, twice'),
    ('documentation', 'the amount depends on documentation',
      'Read the operative or visit notes.', 1, 1, 'contractor''s, twice')
  $$,
  'lines that wait count by reason, and their claims, with what to do and an example'
);

select finish();
rollback;
