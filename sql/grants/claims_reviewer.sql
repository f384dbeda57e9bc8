-- Reviewing: what waits for a person, and what a person says.
grant usage on schema production, scoring, models to claims_reviewer;
grant select on
production.review_queue,
production.review_lines,
production.review_findings,
production.review_steps,
models.review_reasons
to claims_reviewer;
grant execute on procedure scoring.record_review(bigint, text, text) to claims_reviewer;
