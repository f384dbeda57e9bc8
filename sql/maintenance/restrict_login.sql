-- A login that reads, such as one with the role claims_analyst, reads the rows of all
-- submitters until this is called for it. Call it before the role is granted.
create procedure maintenance.restrict_login(p_login text, p_submitters text[])
language plpgsql
security definer
set search_path = pg_catalog, pg_temp
as $$
declare
  v_unknown text;
begin
  if
    not exists (
      select from pg_catalog.pg_roles as role
      where role.rolname = p_login and role.rolcanlogin
    )
  then
    raise exception using
      errcode = 'PL014',
      message = format('there is no login %L', p_login),
      hint = 'Create the role first: create role ... login.';
  end if;
  select min(given.name) into v_unknown
  from unnest(p_submitters) as given (name)
  where not exists (
    select from queue.submitters as submitter where submitter.name = given.name
  );
  if v_unknown is not null then
    raise exception using
      errcode = 'PL001',
      message = format('the submitter %L does not exist', v_unknown),
      hint = 'Add it first: call maintenance.add_submitter(''name'').';
  end if;

  delete from vault.login_submitters as restricted
  where restricted.login = p_login;
  insert into vault.login_submitters (login, submitter_id)
  select
    p_login,
    submitter.submitter_id
  from queue.submitters as submitter
  where submitter.name = any(p_submitters);
  call analysis._write_policies();
  perform auditing.record_event(
    'login.restricted', null, null, null, null,
    jsonb_build_object('login', p_login, 'submitters', p_submitters)
  );
end;
$$;

comment on procedure maintenance.restrict_login(text, text[])
is 'Lets a login read in production the rows of these submitters alone; of all again, when the array is empty. PL001: no such submitter. PL014: no such login. 55P03: production is in use; call it again.';
