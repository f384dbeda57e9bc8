-- The lock is the session's, because the file of erasure keys is changed between two
-- transactions: one that says so first, and one that ends it. Until then nothing is
-- stored, and nobody reads the keys.
create function keys.begin_erasure()
returns table (store_id uuid, generation integer, pending_generation integer)
language plpgsql
security definer
set search_path = pg_catalog, pg_temp
as $$
#variable_conflict use_column
begin
  perform pg_advisory_lock(hashtext('vault.data_keys'));
  return query
  select store.store_id, store.generation, store.pending_generation
  from vault.erasure_keys as store;
end;
$$;

comment on function keys.begin_erasure()
is 'Locks the keys for this session, until end_erasure or its end, and says which erasure keys belong to the database.';
