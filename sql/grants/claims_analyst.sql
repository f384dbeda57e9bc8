-- Analysts read production without the encrypted columns.
grant usage on schema
production, reference, catalogue, pipeline, scoring, models
to claims_analyst;
grant select on all tables in schema reference, catalogue to claims_analyst;
grant select on
production.claim_lines,
production.claim_findings,
production.claim_scores,
production.review_queue,
models.review_verdicts,
scoring.feature_list
to claims_analyst;
grant execute on function
scoring.feature_version(),
scoring.measure_drift(integer, text)
to claims_analyst;
grant select (
  claim_id, service_month, batch_id, submitter_id, received_at, member_token,
  patient_token, frequency_code, payer_id, billing_npi, billing_taxonomy,
  rendering_npi, rendering_taxonomy, patient_age, patient_sex, service_zip, carrier,
  locality, diagnoses, total_charge, first_service_date, line_count, decision,
  allowed_amount, pended_line_count, denied_line_count, transferred_at
) on production.claims to claims_analyst;
grant select on pipeline.reference_releases, pipeline.pended_reasons to claims_analyst;

-- ... or its views, where every column may be read.
grant usage on schema analysis to claims_analyst;
-- A view reads tables as its owner, but calls functions as whoever reads it.
grant execute on function analysis.seen_submitters()
to claims_analyst, claims_operator, claims_reviewer;
grant select on all tables in schema analysis to claims_analyst;
