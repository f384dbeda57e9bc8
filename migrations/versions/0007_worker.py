"""Leases and retries of batches, workers, retried and corrected claims."""

from alembic import op

revision = "0007"
down_revision = "0006"
branch_labels = None
depends_on = None

# Without parameters the driver sends the text as it stands, percent signs and all.
AS_WRITTEN = {"no_parameters": True}

UPGRADE = r"""
set local role claims_owner;

alter table queue.settings
add column retry_backoff interval not null default interval '1 second' check (retry_backoff > interval '0'),
add column retry_backoff_limit interval not null default interval '15 minutes',
add check (retry_backoff_limit >= retry_backoff);
comment on column queue.settings.retry_backoff is 'wait after the first failed attempt of a stage; doubled with each further one';
comment on column queue.settings.retry_backoff_limit is 'longest wait between two attempts of a stage';

alter table queue.batches
drop constraint batches_state_check,
add constraint batches_state_check
check (state in ('received', 'validated', 'scored', 'transferred', 'failed')),
add column hold boolean not null default false,
add column retried_count integer not null default 0 check (retried_count between 0 and claim_count),
add column attempts smallint not null default 0 check (attempts >= 0),
add column next_attempt_at timestamptz,
add column leased_by text,
add column leased_until timestamptz,
add column last_sqlstate text,
add column last_error text,
add column failed_at timestamptz,
add column failed_from text check (failed_from in ('received', 'validated', 'scored')),
add check ((leased_by is null) = (leased_until is null)),
add check ((state = 'failed') = (failed_from is not null)),
add check ((failed_from is null) = (failed_at is null));
comment on column queue.batches.state is 'received, validated, scored, transferred; failed when a stage failed too often';
comment on column queue.batches.hold is 'true: validated and scored, but not transferred until it is released';
comment on column queue.batches.retried_count is 'claims that a retry brought, which are counted as loaded in the batch they first came in';
comment on column queue.batches.attempts is 'failed attempts at the stage that is due; zero again when it succeeds';
comment on column queue.batches.next_attempt_at is 'when the stage is tried again after a failed attempt';
comment on column queue.batches.leased_by is 'worker that has the batch in hand';
comment on column queue.batches.leased_until is 'when the lease ends by itself, should the worker not end it';
comment on column queue.batches.last_sqlstate is 'SQLSTATE, or code of the program, of the last failed attempt';
comment on column queue.batches.last_error is 'what the last failed attempt said, where the words are ours and so hold no PHI';
comment on column queue.batches.failed_at is 'when it became failed';
comment on column queue.batches.failed_from is 'state of a failed batch before, which a retry gives back';
-- Leasing changes no indexed column: with room in the page it touches no index.
alter table queue.batches set (fillfactor = 70);

create table queue.workers (
  worker_id text primary key,
  host text not null,
  pid integer not null,
  version text not null,
  started_at timestamptz not null default now(),
  heartbeat_at timestamptz not null default now(),
  stopped_at timestamptz,
  work jsonb not null default '[]'
);
comment on table queue.workers is 'worker processes: which run, and what each has in hand';
comment on column queue.workers.worker_id is 'host, process id and a random part';
comment on column queue.workers.host is 'name of the machine';
comment on column queue.workers.pid is 'process id there';
comment on column queue.workers.version is 'version of the program';
comment on column queue.workers.started_at is 'when it started';
comment on column queue.workers.heartbeat_at is 'when it last reported';
comment on column queue.workers.stopped_at is 'when it ended in good order; null while it runs, and when it was killed';
comment on column queue.workers.work is '[{stage, batches, first_batch_id, since}], one element for each stage that runs';

alter table reference.rules
drop constraint rules_rule_code_check,
add constraint rules_rule_code_check check (rule_code ~ '^[VX][0-9]{3}$'),
add column retry_on_release text check (retry_on_release in ('rvu', 'icd10cm', 'place_of_service'));
comment on column reference.rules.retry_on_release is 'kind of reference data whose next release can let a claim pass that this rule rejected; null when time cannot help';
update reference.rules set retry_on_release = 'rvu' where rule_code in ('V021', 'V022');
update reference.rules set retry_on_release = 'icd10cm' where rule_code = 'V023';
update reference.rules set retry_on_release = 'place_of_service' where rule_code = 'V025';
insert into reference.rules
(rule_code, disposition, field, claim_status, group_code, carc, rarc, title, hint)
values
('X001', 'reject_claim', 'claim', null, null, null, null, 'the claim made a statement of the database fail', 'Look at the SQLSTATE that the finding names: mend what it points at and retry the claim, or correct it.');

alter table staging.claims add column replaces_claim_id bigint;
comment on column staging.claims.replaces_claim_id is 'failed claim that this one corrects';
alter table production.claims add column replaces_claim_id bigint;
comment on column production.claims.replaces_claim_id is 'failed claim that this one corrects';

alter table staging.failed_claims
drop constraint failed_claims_stage_check,
add constraint failed_claims_stage_check
check (stage in ('decode', 'validation', 'scoring', 'transfer')),
drop constraint failed_claims_resolution_check,
add constraint failed_claims_resolution_check
check (resolution in ('open', 'retried', 'resolved', 'superseded')),
add column sqlstate text,
add column releases_in_force integer[],
add column retry_count integer not null default 0 check (retry_count >= 0),
add column next_retry_at timestamptz,
add column retried_batch_id bigint references queue.batches,
add column replaced_by_claim_id bigint,
add column resolved_at timestamptz;

-- What the downgrade below kept of claims that had failed before. One that was resolved before
-- that was kept has its time from production.
update staging.failed_claims as failed
set
  resolution = kept.resolution,
  sqlstate = kept.sqlstate,
  releases_in_force = kept.releases_in_force,
  retry_count = kept.retry_count,
  next_retry_at = kept.next_retry_at,
  retried_batch_id = kept.retried_batch_id,
  replaced_by_claim_id = kept.replaced_by_claim_id,
  resolved_at = kept.resolved_at,
  reasons = jsonb_set(failed.reasons, '{0}', (failed.reasons -> 0) - 'kept_by_0007')
from staging.failed_claims as before
cross join lateral jsonb_to_record(before.reasons -> 0 -> 'kept_by_0007') as kept (
  resolution text,
  sqlstate text,
  releases_in_force integer[],
  retry_count integer,
  next_retry_at timestamptz,
  retried_batch_id bigint,
  replaced_by_claim_id bigint,
  resolved_at timestamptz
)
where before.claim_id = failed.claim_id and before.reasons -> 0 ? 'kept_by_0007';
update staging.failed_claims as failed
set resolved_at = claim.transferred_at
from production.claims as claim
where
  failed.claim_id = claim.claim_id
  and failed.resolution = 'resolved'
  and failed.resolved_at is null;
update staging.claims as claim
set replaces_claim_id = failed.claim_id
from staging.failed_claims as failed
where failed.replaced_by_claim_id = claim.claim_id;
update production.claims as claim
set replaces_claim_id = failed.claim_id
from staging.failed_claims as failed
where failed.replaced_by_claim_id = claim.claim_id;

alter table staging.failed_claims
add check (resolution <> 'retried' or retried_batch_id is not null),
add check ((resolution = 'superseded') = (replaced_by_claim_id is not null)),
add check ((resolution in ('resolved', 'superseded')) = (resolved_at is not null));
comment on column staging.failed_claims.batch_id is 'batch in which it failed, the last one of several';
comment on column staging.failed_claims.failed_at is 'when it failed, the last time of several';
comment on column staging.failed_claims.resolution is 'open; retried: under way again; resolved: a retry brought it to production; superseded: a corrected claim took its place';
comment on column staging.failed_claims.rule_codes is 'rules that failed it, sorted; D000 for a claim that could not be decoded, X001 for one that made a statement fail';
comment on column staging.failed_claims.sqlstate is 'error of the statement that the claim made fail; null when a rule failed it';
comment on column staging.failed_claims.releases_in_force is 'releases that were in force, for whatever dates, when it was validated';
comment on column staging.failed_claims.retry_count is 'times it was put back on its way';
comment on column staging.failed_claims.next_retry_at is 'from when a new release puts it back on its way by itself; null when no release can help';
comment on column staging.failed_claims.retried_batch_id is 'batch of its last retry';
comment on column staging.failed_claims.replaced_by_claim_id is 'corrected claim that took its place';
comment on column staging.failed_claims.resolved_at is 'when it was resolved or superseded';
create index failed_claims_retried_batch_id on staging.failed_claims (retried_batch_id) where resolution = 'retried';
create index failed_claims_next_retry_at on staging.failed_claims (next_retry_at) where resolution = 'open' and next_retry_at is not null;

reset role;
"""

# What the older schema cannot say becomes the nearest that it can: a failed batch waits
# again where it stood, and a claim under way again is failed until the next upgrade. What it
# says of failed claims is kept beside their first reason, which the older schema hands on as it
# is: without it the checks above refuse the upgrade for a claim that was resolved or superseded,
# before any later revision could mend it.
DOWNGRADE = """
set local role claims_owner;

update staging.failed_claims as failed
set
  reasons = jsonb_set(
    failed.reasons,
    '{0}',
    (failed.reasons -> 0) || jsonb_build_object(
      'kept_by_0007',
      jsonb_build_object(
        'resolution', failed.resolution,
        'sqlstate', failed.sqlstate,
        'releases_in_force', failed.releases_in_force,
        'retry_count', failed.retry_count,
        'next_retry_at', failed.next_retry_at,
        'retried_batch_id', failed.retried_batch_id,
        'replaced_by_claim_id', failed.replaced_by_claim_id,
        'resolved_at', failed.resolved_at
      )
    )
  );

drop index staging.failed_claims_next_retry_at;
drop index staging.failed_claims_retried_batch_id;
update staging.failed_claims set resolution = 'open', retried_batch_id = null where resolution = 'retried';
alter table staging.failed_claims
drop constraint failed_claims_stage_check,
drop constraint failed_claims_resolution_check,
drop column sqlstate,
drop column releases_in_force,
drop column retry_count,
drop column next_retry_at,
drop column retried_batch_id,
drop column replaced_by_claim_id,
drop column resolved_at,
add constraint failed_claims_stage_check check (stage in ('decode', 'validation', 'transfer')),
add constraint failed_claims_resolution_check check (resolution in ('open', 'resolved', 'superseded'));

alter table production.claims drop column replaces_claim_id;
alter table staging.claims drop column replaces_claim_id;

delete from reference.rules where rule_code = 'X001';
alter table reference.rules
drop column retry_on_release,
drop constraint rules_rule_code_check,
add constraint rules_rule_code_check check (rule_code ~ '^V[0-9]{3}$');

drop table queue.workers;

update queue.batches set state = failed_from, failed_from = null, failed_at = null where state = 'failed';
alter table queue.batches
reset (fillfactor),
drop constraint batches_state_check,
drop column hold,
drop column retried_count,
drop column attempts,
drop column next_attempt_at,
drop column leased_by,
drop column leased_until,
drop column last_sqlstate,
drop column last_error,
drop column failed_at,
drop column failed_from,
add constraint batches_state_check check (state in ('received', 'validated', 'scored', 'transferred'));

alter table queue.settings
drop column retry_backoff,
drop column retry_backoff_limit;

reset role;
"""


def upgrade() -> None:
    """Create the objects of this revision."""
    op.get_bind().exec_driver_sql(UPGRADE, execution_options=AS_WRITTEN)


def downgrade() -> None:
    """Drop the objects of this revision."""
    op.get_bind().exec_driver_sql(DOWNGRADE, execution_options=AS_WRITTEN)
