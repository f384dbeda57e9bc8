-- noqa: disable=AM04
create view access.claim_states with (security_barrier) as
select found.*
from pipeline.claim_states as found
where access.may_see(found.submitter_id);

comment on view access.claim_states is 'Where each claim of the submitter of the session stands.';
call maintenance._take_comments('access.claim_states', '{pipeline.claim_states}');
