-- Row-level security in production: the owner and its routines see all, operators too,
-- analysts those of their submitters; everybody else is refused by privileges already.
-- The submitters of each restricted login stand in the policy itself, so that it looks
-- at no other table: where production is a cluster, its nodes have the policy and not
-- the table of logins. By the login and not by the role that it has taken on: nobody
-- but a superuser changes session_user.
create procedure analysis._write_policies()
language plpgsql
set search_path = pg_catalog, pg_temp
-- Less than deadlock_timeout: who waits for a table that others work on gives up first.
set lock_timeout = '500ms'
as $$
declare
  v_sees text;
  v_table regclass;
begin
  select
    'case session_user '
    || string_agg(
      format(
        'when %L then submitter_id = any(%L::integer[])',
        restricted.login,
        restricted.submitter_ids
      ),
      ' '
      order by restricted.login
    )
    || ' else true end'
  into v_sees
  from (
    select
      restricted.login,
      array_agg(restricted.submitter_id order by restricted.submitter_id)
        as submitter_ids
    from vault.login_submitters as restricted
    group by restricted.login
  ) as restricted;

  -- A few tables; their names are ours.
  foreach v_table in array array[
    'production.claims', 'production.claim_lines', 'production.claim_findings',
    'production.claim_scores', 'models.review_verdicts'
  ]::regclass[] loop
    execute format('drop policy if exists operators on %s', v_table);
    execute format('drop policy if exists analysts on %s', v_table);
    execute format(
      'create policy operators on %s for select to claims_operator using (true)', v_table
    );
    execute format(
      'create policy analysts on %s for select to claims_analyst using (%s)',
      v_table,
      coalesce(v_sees, 'true')
    );
  end loop;
end;
$$;

comment on procedure analysis._write_policies()
is 'Makes the row-level policies of production anew from vault.login_submitters. 55P03: the tables are in use; call it again.';

call analysis._write_policies();
