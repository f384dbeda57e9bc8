-- Every change calls this inside its own transaction, so that the event and the
-- change stand or fall together.
create function auditing.record_event(
  p_action text,
  p_submitter_id integer,
  p_batch_ids bigint[],
  p_first_claim_id bigint,
  p_last_claim_id bigint,
  p_detail jsonb
)
returns void
language sql
volatile
begin atomic
  insert into audit.events
  (action, submitter_id, batch_ids, first_claim_id, last_claim_id, detail)
  values
  (p_action, p_submitter_id, p_batch_ids, p_first_claim_id, p_last_claim_id, p_detail);
end;

comment on function auditing.record_event(text, integer, bigint[], bigint, bigint, jsonb)
is 'Writes one audit event for the running transaction.';
