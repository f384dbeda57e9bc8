-- noqa: disable=AM04
create view access.review_verdicts with (security_barrier) as
select verdict.*
from models.review_verdicts as verdict
where access.may_see(verdict.submitter_id);

comment on view access.review_verdicts
is 'What reviewers decided on claims of the submitter of the session.';
call maintenance._take_comments('access.review_verdicts', '{models.review_verdicts}');
