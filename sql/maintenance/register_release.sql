-- Definer, because a release is registered with an audit event or not at all.
create function maintenance.register_release(
  p_kind text,
  p_qpp_status text,
  p_name text,
  p_valid_from date,
  p_valid_to date,
  p_is_starter boolean,
  p_file_name text,
  p_file_sha256 bytea,
  p_row_count integer
)
returns integer
language plpgsql
security definer
set search_path = pg_catalog, pg_temp
as $$
declare
  v_release_id integer;
begin
  -- One load of a kind at a time, so that the same file is not loaded twice by two.
  perform pg_advisory_xact_lock(hashtext('reference.releases'), hashtext(p_kind));
  if exists (
    select from reference.releases as release
    where
      release.kind = p_kind
      and release.qpp_status = p_qpp_status
      and release.file_sha256 = p_file_sha256
      and release.valid_from = p_valid_from
      and release.valid_to is not distinct from p_valid_to
      and release.withdrawn_at is null
  ) then
    return null;
  end if;

  insert into reference.releases (
    kind, qpp_status, name, valid_from, valid_to, is_starter, file_name,
    file_sha256, row_count
  )
  values (
    p_kind, p_qpp_status, p_name, p_valid_from, p_valid_to, p_is_starter, p_file_name,
    p_file_sha256, p_row_count
  )
  returning release_id into strict v_release_id;

  perform auditing.record_event(
    'release.loaded', null, null, null, null,
    jsonb_build_object(
      'release_id', v_release_id, 'kind', p_kind, 'name', p_name,
      'file_sha256', encode(p_file_sha256, 'hex'), 'rows', p_row_count
    )
  );
  return v_release_id;
end;
$$;

comment on function maintenance.register_release(
  text, text, text, date, date, boolean, text, bytea, integer
)
is 'Registers a release before its rows are copied; null when the same content is already loaded for that kind, status and period.';
