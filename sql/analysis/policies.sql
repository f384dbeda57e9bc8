-- Row-level security in production: the owner and its routines see all, operators too,
-- analysts those of their submitters; everybody else is refused by privileges already.
drop policy if exists operators on production.claims;
create policy operators on production.claims
for select to claims_operator using (true);
create policy analysts on production.claims
for select to claims_analyst
using (submitter_id = any((select analysis.seen_submitters())::integer[]));

drop policy if exists operators on production.claim_lines;
create policy operators on production.claim_lines
for select to claims_operator using (true);
create policy analysts on production.claim_lines
for select to claims_analyst
using (submitter_id = any((select analysis.seen_submitters())::integer[]));

drop policy if exists operators on production.claim_findings;
create policy operators on production.claim_findings
for select to claims_operator using (true);
create policy analysts on production.claim_findings
for select to claims_analyst
using (submitter_id = any((select analysis.seen_submitters())::integer[]));

drop policy if exists operators on production.claim_scores;
create policy operators on production.claim_scores
for select to claims_operator using (true);
create policy analysts on production.claim_scores
for select to claims_analyst
using (submitter_id = any((select analysis.seen_submitters())::integer[]));

drop policy if exists operators on models.review_verdicts;
create policy operators on models.review_verdicts
for select to claims_operator using (true);
create policy analysts on models.review_verdicts
for select to claims_analyst
using (submitter_id = any((select analysis.seen_submitters())::integer[]));
