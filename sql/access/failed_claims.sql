-- noqa: disable=AM04
create view access.failed_claims with (security_barrier) as
select failed.*
from staging.failed_claims as failed
where access.may_see(failed.submitter_id);

comment on view access.failed_claims is 'Failed claims of the submitter of the session.';
call maintenance._take_comments('access.failed_claims', '{staging.failed_claims}');
