begin;
\ir ../_support/fixture.sql
select plan(3);

call fixture.add_claim('good');
call fixture.add_claim(
  'found by an edge that knows more',
  p_intake_findings => '[{"rule": "V999", "line": 0, "field": "patient.sex"}]'
);

prepare validation as select validation.validate_batches(array[fixture.batch_id()]);
select throws_ok(
  'validation',
  'VL001',
  'rule V999 of a finding is not in reference.rules',
  'VL001: a finding is not lost because nobody knows its rule'
);

select matches(
  fixture.hint_of('execute validation'),
  'claims db upgrade',
  'VL001: the hint says what to do'
);

select results_eq(
  'select state from queue.batches',
  $$ values ('received') $$,
  'VL001: the batch waits, and nothing of it is written'
);

select finish();
rollback;
