-- The population stability index by hand.
begin;
\ir ../_support/fixture.sql
\ir ../_support/scoring.sql
select plan(4);

select is_empty('select * from scoring.measure_drift()', 'no scores, no drift');

call fixture.add_claim('one', p_patient_age => 20::smallint);
call fixture.add_claim('two', p_patient_age => 50::smallint);
call fixture.add_claim('three', p_patient_age => 80::smallint);
call fixture.add_claim('four', p_patient_age => 80::smallint);
do $$ begin perform validation.validate_batches(array[fixture.batch_id()]); end $$;
call fixture.score(0.5);
do $$
begin
  perform scoring.record_scores(array[fixture.batch_id()], 0);
  perform transfer.move_batches(array[fixture.batch_id()]);
end
$$;
update models.registry
set metadata = '{"snapshot": [
  {"name": "score", "ordinal": 0, "edges": [0.5], "shares": [0.0, 1.0]},
  {"name": "patient_age", "ordinal": 1, "edges": [50, 80], "shares": [0.5, 0.25, 0.25]},
  {"name": "patient_female", "ordinal": 2, "edges": [], "shares": [1.0]}
]}';

select results_eq(
  $$
    select model_version, name, round(stability_index::numeric, 6), claims
    from scoring.measure_drift()
  $$,
  $$
    values
    ('model', 'score', 0.000000, 4::bigint),
    (
      'model', 'patient_age',
      round(((0.25 - 0.5) * ln(0.5) + (0.5 - 0.25) * ln(2.0))::numeric, 6), 4::bigint
    ),
    ('model', 'patient_female', 0.000000, 4::bigint)
  $$,
  'a value on an edge belongs to the bin above it'
);
select results_eq(
  $$
    select name, round(stability_index::numeric, 4)
    from scoring.measure_drift(2) where name = 'patient_age'
  $$,
  $$
    values (
      'patient_age',
      round(
        (
          (0.0001 - 0.5) * ln(0.0001 / 0.5) + (0.0001 - 0.25) * ln(0.0001 / 0.25)
          + (1 - 0.25) * ln(1 / 0.25)
        )::numeric, 4
      )
    )
  $$,
  'the newest claims alone; an empty bin counts as 0.0001'
);
select is_empty(
  $$ select * from scoring.measure_drift(10, 'none') $$, 'none of an unknown model'
);

select finish();
rollback;
