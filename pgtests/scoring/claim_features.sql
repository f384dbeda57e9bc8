-- Features by hand-computed values, one claim for each case.
begin;
\ir ../_support/fixture.sql
select plan(14);

call fixture.add_claim('plain');
call fixture.add_claim(
  'several', p_hcpcs => '99214', p_modifiers => '{25}', p_charge => 200,
  p_diagnoses => '{M5450}', p_patient_sex => 'M', p_service_date => '2025-07-05'
);
call fixture.add_line(
  'several', '2025-07-07', null, '71046', '{26}', '21', 2, null, 60
);
call fixture.add_line(
  'several', '2025-07-05', null, '99999', '{59,RT}', '02', 1, null, 40
);
call fixture.add_claim('bare', p_rendering_npi => null, p_patient_sex => 'U');
call fixture.add_claim('failed');
call fixture.add_finding('failed', 'V010');
call fixture.add_claim('denied');
call fixture.add_finding('denied', 'V041', 1);

update queue.batches set state = 'validated';
do $$
begin
  perform validation.fail_claims(
    array[fixture.batch_id()], '{2025-07-16}', array[fixture.claim_id('failed')],
    'validation'
  );
end
$$;

create function pg_temp.features(p_claim text)
returns jsonb
language sql
as $$
  select to_jsonb(feature)
  from scoring.claim_features(array[fixture.batch_id()], '{2025-07-16}') as feature
  where feature.claim_id = fixture.claim_id(p_claim)
$$;

create function pg_temp.differing(p_claim text, p_expected jsonb)
returns setof text
language sql
as $$
  select format('%s is %s, not %s', expected.key, found.value, expected.value)
  from jsonb_each_text(p_expected) as expected
  left join jsonb_each_text(pg_temp.features(p_claim)) as found
    on expected.key = found.key
  where found.value::real is distinct from expected.value::real
$$;

select is(
  (
    select count(*)
    from scoring.claim_features(array[fixture.batch_id()], '{2025-07-16}')
  ),
  4::bigint, 'a row for each claim that did not fail'
);
select is_empty(
  $$
    select feature.claim_id
    from scoring.claim_features(array[fixture.batch_id()], '{2025-07-16}') as feature
    cross join jsonb_each(to_jsonb(feature)) as given
    where given.value = 'null'
  $$,
  'no feature is ever null'
);

-- The fee of 99213: (1.30 + 1.35 + 0.10) * 32.3465 = 88.95.
select is_empty(
  $$
    select * from pg_temp.differing(
      'plain',
      jsonb_build_object(
        'patient_age', 67, 'patient_female', 1, 'line_count', 1, 'visit_level', 3,
        'units_log', ln(2), 'charge_log', ln(121), 'charge_largest_log', ln(121),
        'charge_to_fee_log', ln(12000 / 8895::double precision),
        'charge_to_fee_worst_log', ln(12000 / 8895::double precision),
        'unpriced_line_share', 0, 'facility_share', 0, 'visit_with_service', 0,
        'diagnosis_count', 2, 'days_to_receipt_log', ln(16), 'weekend_service', 0,
        'rendered_by_other', 1, 'replacement_claim', 0, 'denied_lines', 0
      )
    )
  $$,
  'a claim of one line'
);
-- 71046-26 at 21: (0.22 + 0.08 + 0.01) * 32.3465 * 2 = 20.05.
select is_empty(
  $$
    select * from pg_temp.differing(
      'several',
      jsonb_build_object(
        'patient_female', 0, 'line_count', 3, 'visit_level', 4, 'units_log', ln(5),
        'units_largest_log', ln(3), 'charge_log', ln(301), 'charge_largest_log', ln(201),
        'charge_to_fee_log', ln(6000 / 2005::double precision),
        'charge_to_fee_worst_log', ln(6000 / 2005::double precision),
        'unpriced_line_share', 2 / 3::double precision,
        'facility_share', 1 / 3::double precision,
        'telehealth_share', 1 / 3::double precision,
        'visit_with_service', 1, 'modifier_25_lines', 1, 'modifier_59_lines', 1,
        'modifier_component_lines', 1, 'modifier_side_lines', 1,
        'diagnosis_musculoskeletal', 1, 'diagnosis_count', 1, 'service_days', 2,
        'weekend_service', 1
      )
    )
  $$,
  'lines, modifiers, places and dates'
);
select is_empty(
  $$
    select * from pg_temp.differing(
      'bare', '{"patient_female": 0.5, "rendered_by_other": 0}'
    )
  $$,
  'what is not said'
);
select is_empty(
  $$
    select * from pg_temp.differing('denied', '{"denied_lines": 1, "repeated_lines": 1}')
  $$,
  'findings that deny lines'
);
select is_empty(
  $$
    select * from pg_temp.differing(
      'plain',
      '{
        "provider_known": 0, "provider_claims_log": 0, "provider_approval_share": 0.85,
        "procedure_approval_worst": 0.85, "units_to_usual_log": 0,
        "charge_to_usual_log": 0
      }'
    )
  $$,
  'nothing known yet'
);

insert into models.provider_history (billing_npi, claims, adjudicated, approved)
values ('1234567893', 99, 80, 33);
insert into models.procedure_history (
  hcpcs, lines, units, charged_lines, charge_log_sum, adjudicated, approved
)
values ('99213', 4, 8, 4, 4 * 4.3820, 20, 3), ('71046', 1, 1, 0, 0, 0, 0);

select is_empty(
  $$
    select * from pg_temp.differing(
      'plain',
      jsonb_build_object(
        'provider_known', 1, 'provider_claims_log', ln(100),
        'provider_approval_share', 0.5, 'procedure_approval_worst', 0.5,
        'units_to_usual_log', ln(0.5), 'charge_to_usual_log', ln(120 / exp(4.3820))
      )
    )
  $$,
  'the history of the provider and of the code'
);

select results_eq(
  $$ select to_jsonb(feature) from scoring.claim_features(
    array[fixture.batch_id()], '{2025-07-16}') as feature
    where feature.claim_id = fixture.claim_id('several') $$,
  $$ select to_jsonb(feature) from scoring.take_features(
    array[fixture.batch_id()]) as feature
    where feature.claim_id = fixture.claim_id('several') $$,
  'the stage sees the same'
);
select is(
  (select count(*) from scoring.take_features('{}')), 0::bigint, 'no batches, no rows'
);
update queue.batches set state = 'received';
select is(
  (select count(*) from scoring.take_features(array[fixture.batch_id()])), 0::bigint,
  'only validated batches are taken'
);

select is(
  (select count(*) from scoring.feature_list), 40::bigint, 'the list has every feature'
);
select is_empty(
  $$ select name from scoring.feature_list where description is null $$,
  'every feature is described'
);
select results_eq(
  $$ select ordinal from scoring.feature_list order by ordinal $$,
  $$ select generate_series(1, 40) $$,
  'ordinals are positions in a vector'
);

select finish();
rollback;
