-- noqa: disable=AM04
create view access.staged_findings with (security_barrier) as
select finding.*
from staging.claim_findings as finding
where access.may_see(finding.submitter_id);

comment on view access.staged_findings is 'Findings in staging, of the submitter of the session.';
call maintenance._take_comments('access.staged_findings', '{staging.claim_findings}');
