-- noqa: disable=AM04
create view access.staged_claims with (security_barrier) as
select claim.*
from staging.claims as claim
where access.may_see(claim.submitter_id);

comment on view access.staged_claims is 'Claims in staging, of the submitter of the session.';
call maintenance._take_comments('access.staged_claims', '{staging.claims}');
