create function keys.announce_erasure(p_generation integer)
returns void
language sql
volatile
security definer
set search_path = pg_catalog, pg_temp
as $$
  update vault.erasure_keys as store set pending_generation = p_generation;
$$;

comment on function keys.announce_erasure(integer)
is 'Says that the erasure keys are about to be replaced by those of a generation: from now on older ones encrypt nothing.';
