-- What it superseded is in force again; its rows and its name stay, because lines that
-- were priced by it name it.
create function maintenance.withdraw_release(p_release_id integer, p_reason text)
returns text
language plpgsql
security definer
set search_path = pg_catalog, pg_temp
as $$
declare
  v_release reference.releases;
begin
  if coalesce(p_reason, '') !~ '[^[:space:]]' then
    raise exception using
      errcode = 'PL018',
      message = format('release %s cannot be withdrawn without a reason', p_release_id),
      hint = 'Say why it was a mistake: the reason is kept with the release.';
  end if;
  select release.* into v_release
  from reference.releases as release
  where release.release_id = p_release_id
  for update;
  if not found then
    raise exception using
      errcode = 'PL016',
      message = format('there is no release %s', p_release_id),
      hint = 'Take its id from claims reference list.';
  end if;
  if v_release.withdrawn_at is not null then
    raise exception using
      errcode = 'PL017',
      message = format(
        'release %s (%s) was withdrawn on %s already',
        p_release_id, v_release.name, to_char(v_release.withdrawn_at, 'YYYY-MM-DD')
      ),
      hint = 'To have it back, load its file again.';
  end if;

  update reference.releases as release
  set
    withdrawn_at = now(),
    withdrawn_by = session_user,
    withdrawn_reason = btrim(p_reason)
  where release.release_id = p_release_id;
  perform maintenance.refresh_periods(v_release.kind);
  perform auditing.record_event(
    'release.withdrawn', null, null, null, null,
    jsonb_build_object(
      'release_id', p_release_id, 'kind', v_release.kind, 'name', v_release.name,
      'reason', btrim(p_reason)
    )
  );
  return v_release.kind;
end;
$$;

comment on function maintenance.withdraw_release(integer, text)
is 'Takes a release that was a mistake out of force, with the reason; returns its kind. Lines priced by it stay: maintenance.claims_priced_by lists them. PL016: no such release. PL017: withdrawn already. PL018: no reason.';
