-- noqa: disable=AM04
create view access.claim_lines with (security_barrier) as
select line.*
from production.claim_lines as line
where access.may_see(line.submitter_id);

comment on view access.claim_lines is 'Lines in production, of the submitter of the session.';
call maintenance._take_comments('access.claim_lines', '{production.claim_lines}');
