-- noqa: disable=AM04
create view access.claim_findings with (security_barrier) as
select finding.*
from production.claim_findings as finding
where access.may_see(finding.submitter_id);

comment on view access.claim_findings is 'Findings in production, of the submitter of the session.';
call maintenance._take_comments('access.claim_findings', '{production.claim_findings}');
