create function pipeline._submitter_id(p_submitter text)
returns integer
language plpgsql
stable
set search_path = pg_catalog, pg_temp
as $$
declare
  v_submitter_id integer;
begin
  select submitter.submitter_id
  into v_submitter_id
  from queue.submitters as submitter
  where submitter.name = p_submitter;
  if not found then
    raise exception using
      errcode = 'PL001',
      message = format('the submitter %L does not exist', p_submitter),
      hint = 'Set CLAIMS_SUBMITTER to one that does, or add it: call maintenance.add_submitter(''name'').';
  end if;
  return v_submitter_id;
end;
$$;

comment on function pipeline._submitter_id(text)
is 'The key of a submitter. PL001.';
