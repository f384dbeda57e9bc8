-- The feature list, once: the columns in their order and, as their comments, what
-- they mean. A type, so that each function that returns features returns these.
-- Everything that is real is a feature; what stands before says whose it is.
create type scoring.claim_feature as (
  claim_id bigint,
  batch_id bigint,
  received_on date,
  submitter_id integer,
  patient_age real,
  patient_female real,
  line_count real,
  units_log real,
  units_largest_log real,
  charge_log real,
  charge_largest_log real,
  charge_to_fee_log real,
  charge_to_fee_worst_log real,
  unpriced_line_share real,
  facility_share real,
  telehealth_share real,
  emergency_share real,
  visit_level real,
  visit_with_service real,
  modifier_25_lines real,
  modifier_59_lines real,
  modifier_component_lines real,
  modifier_side_lines real,
  repeated_lines real,
  denied_lines real,
  diagnosis_count real,
  diagnosis_circulatory real,
  diagnosis_musculoskeletal real,
  diagnosis_mental real,
  diagnosis_eye_or_ear real,
  diagnosis_symptoms real,
  diagnosis_injury real,
  diagnosis_contact real,
  days_to_receipt_log real,
  service_days real,
  weekend_service real,
  rendered_by_other real,
  replacement_claim real,
  provider_known real,
  provider_claims_log real,
  provider_approval_share real,
  procedure_approval_worst real,
  units_to_usual_log real,
  charge_to_usual_log real
);

comment on type scoring.claim_feature
is 'One claim as a model sees it: whose it is, then the features, all real and never null.';
comment on column scoring.claim_feature.claim_id is 'claim';
comment on column scoring.claim_feature.batch_id is 'batch it stands in';
comment on column scoring.claim_feature.received_on is 'day the batch was received';
comment on column scoring.claim_feature.submitter_id is 'whose claim';
comment on column scoring.claim_feature.patient_age is 'age in years on the first date of service, 90 for 90 and over';
comment on column scoring.claim_feature.patient_female is '1 female, 0 male, 0.5 unknown';
comment on column scoring.claim_feature.line_count is 'service lines';
comment on column scoring.claim_feature.units_log is 'ln(1 + units of all lines)';
comment on column scoring.claim_feature.units_largest_log is 'ln(1 + units of the line with most)';
comment on column scoring.claim_feature.charge_log is 'ln(1 + claim charge in dollars)';
comment on column scoring.claim_feature.charge_largest_log is 'ln(1 + largest line charge in dollars)';
comment on column scoring.claim_feature.charge_to_fee_log is 'ln(charge / fee) over the lines that have relative values; fee: national, of the setting, times units, no index, no rule; 0 when none has';
comment on column scoring.claim_feature.charge_to_fee_worst_log is 'the same for the line where it is largest';
comment on column scoring.claim_feature.unpriced_line_share is 'share of the lines without relative values in force';
comment on column scoring.claim_feature.facility_share is 'share of the lines at a facility place of service';
comment on column scoring.claim_feature.telehealth_share is 'share of the lines at places of service 02 and 10';
comment on column scoring.claim_feature.emergency_share is 'share of the lines at place of service 23';
comment on column scoring.claim_feature.visit_level is 'highest level of an evaluation: last digit of 9920x, 9921x and 9928x, that of 9922x, 9923x plus 2; 0 without one';
comment on column scoring.claim_feature.visit_with_service is '1 when an evaluation stands beside other lines, else 0';
comment on column scoring.claim_feature.modifier_25_lines is 'lines with modifier 25';
comment on column scoring.claim_feature.modifier_59_lines is 'lines with modifier 59, XE, XP, XS or XU';
comment on column scoring.claim_feature.modifier_component_lines is 'lines with modifier 26 or TC';
comment on column scoring.claim_feature.modifier_side_lines is 'lines with modifier 50, LT or RT';
comment on column scoring.claim_feature.repeated_lines is 'same-day repeats: lines with modifier 76, 77 or 91, and lines that V041 found';
comment on column scoring.claim_feature.denied_lines is 'lines that a finding denies';
comment on column scoring.claim_feature.diagnosis_count is 'diagnoses';
comment on column scoring.claim_feature.diagnosis_circulatory is '1 when the principal diagnosis is in I, else 0';
comment on column scoring.claim_feature.diagnosis_musculoskeletal is '1 when the principal diagnosis is in M, else 0';
comment on column scoring.claim_feature.diagnosis_mental is '1 when the principal diagnosis is in F, else 0';
comment on column scoring.claim_feature.diagnosis_eye_or_ear is '1 when the principal diagnosis is in H, else 0';
comment on column scoring.claim_feature.diagnosis_symptoms is '1 when the principal diagnosis is in R, else 0';
comment on column scoring.claim_feature.diagnosis_injury is '1 when the principal diagnosis is in S or T, else 0';
comment on column scoring.claim_feature.diagnosis_contact is '1 when the principal diagnosis is in Z, else 0';
comment on column scoring.claim_feature.days_to_receipt_log is 'ln(1 + days from the first date of service to receipt)';
comment on column scoring.claim_feature.service_days is 'days from the first to the last date of service';
comment on column scoring.claim_feature.weekend_service is '1 when the first date of service is a Saturday or Sunday, else 0';
comment on column scoring.claim_feature.rendered_by_other is '1 when a rendering provider is named, else 0';
comment on column scoring.claim_feature.replacement_claim is '1 when the frequency code is not 1 (original), else 0';
comment on column scoring.claim_feature.provider_known is '1 when production has claims of the billing provider, else 0';
comment on column scoring.claim_feature.provider_claims_log is 'ln(1 + claims of the billing provider in production)';
comment on column scoring.claim_feature.provider_approval_share is 'share approved of the provider''s claims with an outcome, with 20 claims at 0.85 added';
comment on column scoring.claim_feature.procedure_approval_worst is 'least share approved among the codes of the lines, with 20 lines at 0.85 added';
comment on column scoring.claim_feature.units_to_usual_log is 'ln(units / mean units of the code in production) of the line where it is largest; 0 without a known code';
comment on column scoring.claim_feature.charge_to_usual_log is 'ln(charge per unit / geometric mean of the code in production) of the line where it is largest; 0 without a known code';
