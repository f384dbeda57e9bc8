"""Claims of which nothing is payable are denied; what went below 0007 and came back is mended."""

from alembic import op

revision = "0015"
down_revision = "0014"
branch_labels = None
depends_on = None

# Without parameters the driver sends the text as it stands, percent signs and all.
AS_WRITTEN = {"no_parameters": True}

# A claim that is on review stays there: a person was asked. One that was approved for the
# history that features look at, because no finding denied a line of it, was not approved as
# billed: its lines are not covered or bundled. A verdict that is counted goes before that.
UPGRADE = r"""
set local role claims_owner;

alter table production.claims
drop constraint claims_decision_check,
add constraint claims_decision_check check (decision in ('approved', 'review', 'denied'));
comment on column production.claims.decision is 'approved; denied when no line is payable; review when a line waits for a person or the score says so';

with denied as (
  update production.claims as claim
  set decision = 'denied'
  where
    claim.decision = 'approved'
    and claim.allowed_amount = 0
    and not exists (
      select from production.claim_lines as line
      where
        line.claim_id = claim.claim_id
        and line.service_month = claim.service_month
        and line.pricing_status in ('priced', 'pended')
    )
  returning
    claim.claim_id, claim.service_month, claim.batch_id, claim.billing_npi,
    claim.denied_line_count
),

counted as (
  select denied.claim_id, denied.service_month, denied.billing_npi
  from denied
  inner join queue.batches as batch on denied.batch_id = batch.batch_id
  where
    denied.denied_line_count = 0
    and batch.in_history
    and not exists (
      select from models.review_verdicts as verdict
      where verdict.claim_id = denied.claim_id and verdict.in_history
    )
),

by_provider as (
  update models.provider_history as provider
  set approved = provider.approved - change.claims
  from (
    select counted.billing_npi, count(*) as claims
    from counted
    group by counted.billing_npi
  ) as change
  where provider.billing_npi = change.billing_npi
)

update models.procedure_history as procedure
set approved = procedure.approved - change.lines
from (
  select line.hcpcs, count(*) as lines
  from counted
  inner join production.claim_lines as line
    on counted.claim_id = line.claim_id and counted.service_month = line.service_month
  group by line.hcpcs
) as change
where procedure.hcpcs = change.hcpcs;

alter table queue.batches add column claims_denied integer;
comment on column queue.batches.claims_denied is 'moved claims of which no line is payable';
update queue.batches as batch
set claims_denied = coalesce(counted.claims, 0)
from queue.batches as moved
left join (
  select claim.batch_id, count(*) as claims
  from production.claims as claim
  where claim.decision = 'denied'
  group by claim.batch_id
) as counted on moved.batch_id = counted.batch_id
where batch.batch_id = moved.batch_id and moved.state = 'transferred';

-- Below 0007 nothing says which batches a retry made, nor which failed claims are under way
-- again. After a way down and up the batches were counted as loaded once more, and the claims
-- stood open beside the rows that their retry had made. A batch of a retry is known by its key,
-- and a claim by the batch it stands in.
update queue.batches as batch
set retried_count = batch.claim_count
where batch.retried_count = 0 and batch.idempotency_key = 'retry:' || batch.batch_id;

with arrived as (
  select failed.claim_id, claim.batch_id, claim.transferred_at
  from staging.failed_claims as failed
  inner join production.claims as claim on failed.claim_id = claim.claim_id
  where failed.resolution in ('open', 'retried')
)

update staging.failed_claims as failed
set
  resolution = 'resolved',
  resolved_at = arrived.transferred_at,
  retried_batch_id = arrived.batch_id,
  retry_count = greatest(failed.retry_count, 1),
  next_retry_at = null
from arrived
where failed.claim_id = arrived.claim_id;

update staging.failed_claims as failed
set
  resolution = 'retried',
  retried_batch_id = batch.batch_id,
  retry_count = greatest(failed.retry_count, 1),
  next_retry_at = null
from staging.claims as claim
inner join queue.batches as batch
  on claim.batch_id = batch.batch_id and claim.received_on = batch.received_on
where
  failed.claim_id = claim.claim_id
  and failed.resolution = 'open'
  and failed.batch_id <> batch.batch_id
  and batch.idempotency_key = 'retry:' || batch.batch_id
  and batch.state <> 'transferred';

reset role;
"""

DOWNGRADE = """
set local role claims_owner;

with approved as (
  update production.claims as claim
  set decision = 'approved'
  where claim.decision = 'denied'
  returning
    claim.claim_id, claim.service_month, claim.batch_id, claim.billing_npi,
    claim.denied_line_count
),

counted as (
  select approved.claim_id, approved.service_month, approved.billing_npi
  from approved
  inner join queue.batches as batch on approved.batch_id = batch.batch_id
  where
    approved.denied_line_count = 0
    and batch.in_history
    and not exists (
      select from models.review_verdicts as verdict
      where verdict.claim_id = approved.claim_id and verdict.in_history
    )
),

by_provider as (
  update models.provider_history as provider
  set approved = provider.approved + change.claims
  from (
    select counted.billing_npi, count(*) as claims
    from counted
    group by counted.billing_npi
  ) as change
  where provider.billing_npi = change.billing_npi
)

update models.procedure_history as procedure
set approved = procedure.approved + change.lines
from (
  select line.hcpcs, count(*) as lines
  from counted
  inner join production.claim_lines as line
    on counted.claim_id = line.claim_id and counted.service_month = line.service_month
  group by line.hcpcs
) as change
where procedure.hcpcs = change.hcpcs;

alter table production.claims
drop constraint claims_decision_check,
add constraint claims_decision_check check (decision in ('approved', 'review'));
comment on column production.claims.decision is 'approved, or review when a line waits for a person';
alter table queue.batches drop column claims_denied;

reset role;
"""


def upgrade() -> None:
    """Create the objects of this revision."""
    op.get_bind().exec_driver_sql(UPGRADE, execution_options=AS_WRITTEN)


def downgrade() -> None:
    """Drop the objects of this revision."""
    op.get_bind().exec_driver_sql(DOWNGRADE, execution_options=AS_WRITTEN)
