-- A batch id is needed before the batch exists: the key that encrypts its PHI
-- is derived from it.
create function pipeline.reserve_batch_id()
returns bigint
language sql
volatile
begin atomic
  select nextval('queue.batch_ids');
end;

comment on function pipeline.reserve_batch_id()
is 'Reserves a batch id; one that is never used leaves a gap and nothing else.';
