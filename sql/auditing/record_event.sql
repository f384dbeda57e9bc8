-- Every change calls this inside its own transaction, so that the event and the
-- change stand or fall together. Who, from where and why are not arguments: they are
-- what the server knows, and what the program said once for its session or
-- transaction in claims.client, claims.origin, claims.purpose and claims.recipient.
-- Definer, because nobody else may insert into the trail.
create function auditing.record_event(
  p_action text,
  p_submitter_id integer,
  p_batch_ids bigint[],
  p_first_claim_id bigint,
  p_last_claim_id bigint,
  p_detail jsonb
)
returns void
language plpgsql
security definer
set search_path = pg_catalog, pg_temp
as $$
declare
  v_outcome text;
  v_purpose text := nullif(current_setting('claims.purpose', true), '');
begin
  select action.outcome into v_outcome
  from auditing.actions as action
  where action.action = p_action;
  if not found then
    raise exception using
      errcode = 'AU001',
      message = format('there is no action %L', p_action),
      hint = 'Take one of auditing.actions, or add it there.';
  end if;
  if
    v_purpose is not null
    and not exists (
      select from auditing.purposes as purpose where purpose.purpose = v_purpose
    )
  then
    raise exception using
      errcode = 'AU002',
      message = format('there is no purpose %L', v_purpose),
      hint = 'Set claims.purpose to one of auditing.purposes.';
  end if;

  insert into audit.events (
    action, outcome, submitter_id, batch_ids, first_claim_id, last_claim_id, detail
  )
  values (
    p_action, v_outcome, p_submitter_id, p_batch_ids, p_first_claim_id,
    p_last_claim_id, p_detail
  );
end;
$$;

comment on function auditing.record_event(text, integer, bigint[], bigint, bigint, jsonb)
is 'Writes one audit event for the running transaction. AU001: no such action. AU002: no such purpose.';
