-- What came in must be somewhere: difference is always zero.
create view pipeline.accounting as
select
  counted.loaded,
  counted.in_progress,
  counted.transferred,
  failed.open as failed,
  failed.superseded,
  counted.pended,
  counted.loaded - counted.in_progress - counted.transferred - failed.open
  - failed.superseded as difference,
  counted.below_threshold,
  counted.denied
from (
  select
    coalesce(sum(batch.claim_count - batch.retried_count), 0)::bigint as loaded,
    coalesce(
      sum(batch.claim_count - batch.claims_failed)
      filter (where batch.state <> 'transferred'),
      0
    )::bigint as in_progress,
    coalesce(sum(batch.claims_moved), 0)::bigint as transferred,
    coalesce(sum(batch.claims_pended), 0)::bigint as pended,
    coalesce(sum(batch.claims_below_threshold), 0)::bigint as below_threshold,
    coalesce(sum(batch.claims_denied), 0)::bigint as denied
  from queue.batches as batch
) as counted
cross join (
  select
    count(*) filter (where failed.resolution = 'open') as open,
    count(*) filter (where failed.resolution = 'superseded') as superseded
  from staging.failed_claims as failed
) as failed;

comment on view pipeline.accounting
is 'Claims loaded, each once however often it was retried = in progress + transferred + failed + superseded; pended counts the transferred ones with a line that waits for a person, below_threshold those that wait because of their score alone, denied those of which no line is payable.';
comment on column pipeline.accounting.loaded
is 'claims that came in, each once however often it was retried';
comment on column pipeline.accounting.in_progress
is 'claims of batches that are not transferred, but for those that failed';
comment on column pipeline.accounting.transferred is 'claims in production';
comment on column pipeline.accounting.failed is 'open failed claims';
comment on column pipeline.accounting.superseded
is 'failed claims whose place a corrected one took';
comment on column pipeline.accounting.pended
is 'transferred claims with a line that waits for a person';
comment on column pipeline.accounting.difference
is 'loaded claims that are nowhere: always zero, or there is a defect';
comment on column pipeline.accounting.below_threshold
is 'transferred claims that wait for a person because of their score alone';
comment on column pipeline.accounting.denied
is 'transferred claims of which no line is payable';
