-- noqa: disable=AM04
create view access.claims with (security_barrier) as
select claim.*
from production.claims as claim
where access.may_see(claim.submitter_id);

comment on view access.claims is 'Claims in production, of the submitter of the session.';
call maintenance._take_comments('access.claims', '{production.claims}');
