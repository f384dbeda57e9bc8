create procedure maintenance.add_submitter(p_name text)
language plpgsql
security definer
set search_path = pg_catalog, pg_temp
as $$
declare
  v_submitter_id integer;
begin
  insert into queue.submitters (name)
  values (p_name)
  returning submitter_id into strict v_submitter_id;
  perform auditing.record_event(
    'submitter.added', v_submitter_id, null, null, null,
    jsonb_build_object('name', p_name)
  );
end;
$$;

comment on procedure maintenance.add_submitter(text)
is 'Adds a submitter, whose name goes into CLAIMS_SUBMITTER.';
