-- The service may write these events and no others: what the pipeline does is told
-- by the pipeline. A refusal is written by a transaction of its own, because what
-- was refused is rolled back.
create function access.record_access(
  p_action text,
  p_submitter_id integer,
  p_batch_id bigint,
  p_claim_id bigint,
  p_detail jsonb
)
returns void
language plpgsql
security definer
set search_path = ''
as $$
begin
  if p_action not in ('login.refused', 'access.refused', 'claim.phi_shown') then
    raise exception using
      errcode = 'AC003',
      message = format('the service may not record %L', p_action),
      hint = 'It records who was let in to what; changes are recorded by the routine that makes them.';
  end if;
  perform auditing.record_event(
    p_action, p_submitter_id,
    case when p_batch_id is not null then array[p_batch_id] end,
    p_claim_id, p_claim_id, p_detail
  );
end;
$$;

comment on function access.record_access(text, integer, bigint, bigint, jsonb)
is 'Records a refused login, a refused access or the reading of PHI in the audit trail. AC003: any other action.';
