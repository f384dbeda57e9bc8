-- What no routine does: decrypting, refusing. A refusal rolls back, so its event is
-- recorded by a transaction of its own.
create function auditing.record_access(
  p_action text,
  p_submitter_id integer,
  p_batch_id bigint,
  p_claim_id bigint,
  p_detail jsonb
)
returns void
language plpgsql
security definer
set search_path = pg_catalog, pg_temp
as $$
begin
  if exists (
    select from auditing.actions as action
    where action.action = p_action and not action.by_program
  ) then
    raise exception using
      errcode = 'AU003',
      message = format('a program may not record %L by itself', p_action),
      hint = 'The routine that makes the change records it.';
  end if;
  perform auditing.record_event(
    p_action, p_submitter_id,
    case when p_batch_id is not null then array[p_batch_id] end,
    p_claim_id, p_claim_id, p_detail
  );
end;
$$;

comment on function auditing.record_access(text, integer, bigint, bigint, jsonb)
is 'Writes the audit event of what a program did or refused outside any routine. AU001, AU002; AU003: a routine records that.';
