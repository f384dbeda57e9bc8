create view pipeline.claim_states as
select
  claim.claim_id,
  claim.submitter_id,
  claim.batch_id,
  claim.claim_number_token,
  'transferred' as state,
  claim.decision
from production.claims as claim
union all
select
  failed.claim_id,
  failed.submitter_id,
  failed.batch_id,
  failed.claim_number_token,
  'failed' as state,
  failed.resolution as decision
from staging.failed_claims as failed
where failed.resolution in ('open', 'superseded')
union all
select
  claim.claim_id,
  claim.submitter_id,
  claim.batch_id,
  claim.claim_number_token,
  case batch.state when 'failed' then 'batch_failed' else batch.state end as state,
  null as decision
from staging.claims as claim
inner join queue.batches as batch on claim.batch_id = batch.batch_id
where
  batch.state <> 'transferred'
  and not exists (
    select from staging.failed_claims as failed
    where
      failed.claim_id = claim.claim_id
      and failed.resolution in ('open', 'superseded')
  );

comment on view pipeline.claim_states
is 'Where each claim stands, once each: the state of a claim follows from the rows that exist for it. batch_failed: its batch failed too often, and waits to be retried.';
comment on column pipeline.claim_states.claim_id is 'identity of the claim';
comment on column pipeline.claim_states.submitter_id is 'whose claim';
comment on column pipeline.claim_states.batch_id
is 'batch it stands in, the last one of several';
comment on column pipeline.claim_states.claim_number_token
is 'keyed hash of the claim number; null when it could not be decoded';
comment on column pipeline.claim_states.state
is 'transferred, failed, batch_failed, or the state of the batch it is in';
comment on column pipeline.claim_states.decision
is 'decision of a claim in production, resolution of a failed one, else null';
