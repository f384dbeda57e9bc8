-- noqa: disable=AM04
-- Each view has the columns of its table, whatever they are: it filters and does
-- nothing else. That is what the linter is told in the first line.
-- What API clients read: the rows of their submitter and no others, whatever the
-- query. Security barriers, so that no function in a query sees a row before
-- access.may_see has passed it.
-- No barrier here: the app reads queue.batches itself when it stores a batch, and a
-- barrier keeps the limit of a list from the index (a page of 50 out of 50,000 batches
-- took 9 ms instead of 0.1).
create view access.batches as
select batch.*
from queue.batches as batch
where access.may_see(batch.submitter_id);

comment on view access.batches is 'Batches of the submitter of the session.';

create view access.staged_claims with (security_barrier) as
select claim.*
from staging.claims as claim
where access.may_see(claim.submitter_id);

comment on view access.staged_claims is 'Claims in staging, of the submitter of the session.';

create view access.staged_lines with (security_barrier) as
select line.*
from staging.claim_lines as line
where access.may_see(line.submitter_id);

comment on view access.staged_lines is 'Lines in staging, of the submitter of the session.';

create view access.staged_findings with (security_barrier) as
select finding.*
from staging.claim_findings as finding
where access.may_see(finding.submitter_id);

comment on view access.staged_findings is 'Findings in staging, of the submitter of the session.';

create view access.failed_claims with (security_barrier) as
select failed.*
from staging.failed_claims as failed
where access.may_see(failed.submitter_id);

comment on view access.failed_claims is 'Failed claims of the submitter of the session.';

create view access.claims with (security_barrier) as
select claim.*
from production.claims as claim
where access.may_see(claim.submitter_id);

comment on view access.claims is 'Claims in production, of the submitter of the session.';

create view access.claim_lines with (security_barrier) as
select line.*
from production.claim_lines as line
where access.may_see(line.submitter_id);

comment on view access.claim_lines is 'Lines in production, of the submitter of the session.';

create view access.claim_findings with (security_barrier) as
select finding.*
from production.claim_findings as finding
where access.may_see(finding.submitter_id);

comment on view access.claim_findings is 'Findings in production, of the submitter of the session.';

create view access.staged_scores with (security_barrier) as
select score.*
from staging.claim_scores as score
where access.may_see(score.submitter_id);

comment on view access.staged_scores is 'Scores in staging, of the submitter of the session.';

create view access.claim_scores with (security_barrier) as
select score.*
from production.claim_scores as score
where access.may_see(score.submitter_id);

comment on view access.claim_scores is 'Scores in production, of the submitter of the session.';

create view access.review_verdicts with (security_barrier) as
select verdict.*
from models.review_verdicts as verdict
where access.may_see(verdict.submitter_id);

comment on view access.review_verdicts
is 'What reviewers decided on claims of the submitter of the session.';

create view access.claim_states with (security_barrier) as
select found.*
from pipeline.claim_states as found
where access.may_see(found.submitter_id);

comment on view access.claim_states is 'Where each claim of the submitter of the session stands.';
