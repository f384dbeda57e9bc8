-- Public has nothing; each role has what it needs and no more. What an older version
-- granted goes first: the schemas of data are not made anew as those of code are.
revoke all on schema
reference, staging, production, queue, vault, audit, models
from claims_app, claims_worker, claims_operator, claims_analyst, claims_reviewer,
claims_auditor, claims_sealer;
revoke all on all tables in schema
reference, staging, production, queue, vault, audit, models
from claims_app, claims_worker, claims_operator, claims_analyst, claims_reviewer,
claims_auditor, claims_sealer;
revoke all on all sequences in schema queue
from claims_app, claims_worker, claims_operator, claims_analyst, claims_reviewer,
claims_auditor, claims_sealer;
revoke all on all routines in schema
catalogue, pipeline, validation, pricing, adjudication, transfer, scoring, maintenance,
auditing, access, keys, analysis
from public;
revoke all on type
pricing.line_to_price, pricing.rated_line, pricing.line_effect,
pricing.line_to_settle, scoring.claim_feature, keys.found_claim,
pipeline.stage_outcome
from public;
