-- A reviewer reads lines, findings and steps of the claims that wait, and of no others.
begin;
\ir ../_support/fixture.sql
\ir ../_support/catalogue.sql
select plan(6);

call fixture.add_procedure('1000C', p_status_code => 'C');
call fixture.add_claim('approved');
call fixture.add_claim(
  'waits', p_hcpcs => '1000C', p_diagnoses => '{E119,I10,J449}',
  p_diagnosis_pointers => '{3,1}'
);
call fixture.add_line('waits');
call fixture.add_finding('waits', 'V026', 2);
update queue.batches set state = 'validated';
do $$ begin perform transfer.move_batches(array[fixture.batch_id()]); end $$;

create temporary table claims_named as
select named.claim_id, named.name from fixture.claims as named;
grant select on claims_named to claims_reviewer;
create temporary table lines_read (like production.review_lines);
create temporary table findings_read (like production.review_findings);
create temporary table steps_read (like production.review_steps);
grant insert on lines_read, findings_read, steps_read to claims_reviewer;
set local role claims_reviewer;
insert into lines_read select line.* from production.review_lines as line;
insert into findings_read select finding.* from production.review_findings as finding;
insert into steps_read select step.* from production.review_steps as step;
reset role;

select results_eq(
  $$
    select named.name, line.line_number::integer, line.hcpcs, line.diagnoses,
      line.pricing_status, line.allowed_amount, line.reason
    from lines_read as line
    inner join claims_named as named on line.claim_id = named.claim_id
    order by line.line_number
  $$,
  $$ values
    ('waits', 1, '1000C', '{J449,E119}'::text[], 'pended', null::numeric, 'the contractor sets the price'),
    ('waits', 2, '99213', '{E119}', 'priced', 81.86, null)
  $$,
  'the lines of the claim that waits, with what they are for and why they wait'
);
select results_eq(
  'select finding.line_number::integer, finding.rule_code, finding.rule is not null from findings_read as finding',
  $$ values (2, 'V026', true) $$,
  'its findings in words'
);
select is(
  (select array_agg(distinct step.line_number::integer) from steps_read as step), '{2}',
  'steps of the line that has an amount'
);
select results_eq(
  $$
    select round(step.amount, 2)
    from steps_read as step
    order by step.step_number desc
    limit 1
  $$,
  $$ values (81.86) $$,
  'of which the last comes to it'
);
select is_empty(
  $$ select step.step_code from steps_read as step where step.step is null $$,
  'each in words'
);
select is_empty(
  $$
    select relation.name, attribute.attname
    from our_relations as relation
    inner join pg_catalog.pg_attribute as attribute on relation.oid = attribute.attrelid
    where
      relation.name ~ '^production\.review_'
      and attribute.atttypid in ('bytea'::regtype, 'json'::regtype, 'jsonb'::regtype)
  $$,
  'nothing encrypted is among them'
);

select finish();
rollback;
