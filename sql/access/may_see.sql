-- Row-level security for what the API reads, as views over this. Policies on the
-- tables would be the shorter way, but PostgreSQL refuses COPY FROM into a table
-- with policies, and COPY is how claims come in. Nothing set, nothing seen.
create function access.may_see(p_submitter_id integer)
returns boolean
language sql
stable
parallel safe
begin atomic
  select
    p_submitter_id = nullif(current_setting('claims.submitter_id', true), '')::integer
    or current_user = 'claims_operator';
end;

comment on function access.may_see(integer)
is 'Whether the session may see rows of a submitter: the one set in claims.submitter_id for the transaction; operators see all.';
