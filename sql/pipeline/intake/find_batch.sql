create function pipeline.find_batch(p_submitter text, p_idempotency_key text)
returns table (batch_id bigint, state text)
language sql
stable
begin atomic
  select
    batch.batch_id,
    batch.state
  from queue.batches as batch
  inner join queue.submitters as submitter
    on batch.submitter_id = submitter.submitter_id
  where submitter.name = p_submitter and batch.idempotency_key = p_idempotency_key;
end;

comment on function pipeline.find_batch(text, text)
is 'The batch that a submitter sent under an idempotency key; no row when it is new.';
