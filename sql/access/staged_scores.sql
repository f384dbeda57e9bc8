-- noqa: disable=AM04
create view access.staged_scores with (security_barrier) as
select score.*
from staging.claim_scores as score
where access.may_see(score.submitter_id);

comment on view access.staged_scores is 'Scores in staging, of the submitter of the session.';
call maintenance._take_comments('access.staged_scores', '{staging.claim_scores}');
