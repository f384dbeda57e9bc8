-- By the login and not by the role that it has taken on: nobody but a superuser changes
-- session_user. Called once for a query, in a sub-select, and not for each row.
create function analysis.seen_submitters()
returns integer[]
language sql
stable
parallel safe
security definer
set search_path = pg_catalog, pg_temp
begin atomic
  select array_agg(submitter.submitter_id)
  from queue.submitters as submitter
  where
    not exists (
      select from vault.login_submitters as restricted
      where restricted.login = session_user
    )
    or exists (
      select from vault.login_submitters as restricted
      where
        restricted.login = session_user
        and restricted.submitter_id = submitter.submitter_id
    );
end;

comment on function analysis.seen_submitters()
is 'Submitters whose rows the login of the session reads: those in vault.login_submitters, or all when it is not named there.';
