create function keys.end_erasure(p_generation integer, p_detail jsonb)
returns void
language plpgsql
security definer
set search_path = pg_catalog, pg_temp
as $$
begin
  update vault.erasure_keys as store
  set generation = p_generation, pending_generation = null;
  perform auditing.record_event(
    'erasure_keys.destroyed', null, null, null, null,
    p_detail || jsonb_build_object('generation', p_generation)
  );
  perform pg_advisory_unlock(hashtext('vault.data_keys'));
end;
$$;

comment on function keys.end_erasure(integer, jsonb)
is 'Says that the erasure keys are those of a generation, writes the audit event and unlocks the keys.';
