-- noqa: disable=AM04
create view access.staged_lines with (security_barrier) as
select line.*
from staging.claim_lines as line
where access.may_see(line.submitter_id);

comment on view access.staged_lines is 'Lines in staging, of the submitter of the session.';
call maintenance._take_comments('access.staged_lines', '{staging.claim_lines}');
