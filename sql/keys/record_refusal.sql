-- What is refused rolls back, so that its event is written by a transaction of its own.
create function keys.record_refusal(p_claim_id bigint, p_field text)
returns void
language sql
volatile
security definer
set search_path = ''
as $$
  select auditing.record_event(
    'phi.refused', null, null, p_claim_id, p_claim_id,
    jsonb_build_object('field', p_field)
  );
$$;

comment on function keys.record_refusal(bigint, text)
is 'Records that a ciphertext was refused, because it was changed, moved or encrypted under another key.';
