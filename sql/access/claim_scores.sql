-- noqa: disable=AM04
create view access.claim_scores with (security_barrier) as
select score.*
from production.claim_scores as score
where access.may_see(score.submitter_id);

comment on view access.claim_scores is 'Scores in production, of the submitter of the session.';
call maintenance._take_comments('access.claim_scores', '{production.claim_scores}');
