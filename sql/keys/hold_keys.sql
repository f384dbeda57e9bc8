-- First statement of the transaction that stores what was encrypted. The keys cannot
-- change until it ends, and were not changed since: so no claim is ever stored under a
-- data key that was retired or an erasure key that was destroyed. Waiting locks are
-- served in turn, so that a rotation is not kept waiting by intake that never pauses.
create function keys.hold_keys(p_data_key_id integer, p_erasure_generation integer)
returns void
language plpgsql
security definer
set search_path = pg_catalog, pg_temp
as $$
begin
  perform pg_advisory_xact_lock_shared(hashtext('vault.data_keys'));
  if not exists (
    select from vault.data_keys as data_key
    where data_key.data_key_id = p_data_key_id and data_key.retired_at is null
  ) then
    raise exception using
      errcode = 'KY001',
      message = format('data key %s encrypts no new claims: it was retired', p_data_key_id),
      hint = 'Read the keys again and encrypt with the one that is active.';
  end if;
  if exists (
    select from vault.erasure_keys as store
    where
      greatest(store.generation, store.pending_generation) > p_erasure_generation
  ) then
    raise exception using
      errcode = 'KY002',
      message = format(
        'the erasure keys of generation %s are not the newest', p_erasure_generation
      ),
      hint = 'Read the erasure keys again and encrypt with them.';
  end if;
end;
$$;

comment on function keys.hold_keys(integer, integer)
is 'Holds the keys as they are until the transaction ends. KY001: the data key was retired. KY002: erasure keys were destroyed meanwhile.';
