"""Scoring: the model registry, scores in staging and production, reviews, history."""

from alembic import op

revision = "0006"
down_revision = "0005"
branch_labels = None
depends_on = None

# Without parameters the driver sends the text as it stands, percent signs and all.
AS_WRITTEN = {"no_parameters": True}

UPGRADE = r"""
-- Roles belong to the cluster, so it is made when missing and outlives a downgrade.
do $roles$
begin
  if not exists (select from pg_catalog.pg_roles where rolname = 'claims_reviewer') then
    create role claims_reviewer login;
  end if;
  execute format(
    'grant connect, temporary on database %I to claims_reviewer', current_database()
  );
end;
$roles$;

set local role claims_owner;

create schema models;
comment on schema models is 'the models that score claims, what reviewers said, and the history that features look at';

create table models.registry (
  model_id integer generated always as identity primary key,
  version text not null unique check (version ~ '^[a-z0-9][a-z0-9_.-]{0,62}$'),
  file_sha256 bytea not null unique check (length(file_sha256) = 32),
  model_file bytea not null,
  feature_version integer not null,
  metadata jsonb not null,
  is_active boolean not null default false,
  registered_at timestamptz not null default now(),
  registered_by text not null default session_user
);
comment on table models.registry is 'every model that scored claims here, with the file itself';
comment on column models.registry.model_id is 'key, carried by every score';
comment on column models.registry.version is 'version, as in the model''s metadata';
comment on column models.registry.file_sha256 is 'SHA-256 of the file';
comment on column models.registry.model_file is 'the model (.tflite)';
comment on column models.registry.feature_version is 'version of the feature list it was trained on';
comment on column models.registry.metadata is 'features with their reference values and bins, training range, rows, seed and metrics: the model card';
comment on column models.registry.is_active is 'whether it scores where no file is configured';
comment on column models.registry.registered_at is 'when it was first used or registered here';
comment on column models.registry.registered_by is 'role that was logged in';
create unique index registry_active on models.registry (is_active) where is_active;

create table models.review_reasons (
  reason_code text primary key check (reason_code ~ '^[a-z_]+$'),
  verdict text not null check (verdict in ('approved', 'not_approved')),
  title text not null,
  unique (reason_code, verdict)
);
comment on table models.review_reasons is 'why a reviewer decided so: codes, because free text would carry PHI';
comment on column models.review_reasons.reason_code is 'code of the reason';
comment on column models.review_reasons.verdict is 'verdict that it stands for';
comment on column models.review_reasons.title is 'the reason in one line';
insert into models.review_reasons (reason_code, verdict, title) values
('as_billed', 'approved', 'payable as billed'),
('documentation_received', 'approved', 'payable as billed: the documentation supports it'),
('documentation_missing', 'not_approved', 'the documentation does not support what was billed'),
('not_necessary', 'not_approved', 'the service was not medically necessary'),
('coded_too_high', 'not_approved', 'a lower level of service was documented'),
('too_many_units', 'not_approved', 'fewer units were documented'),
('billed_before', 'not_approved', 'the service was billed before'),
('part_of_another', 'not_approved', 'the service is part of another one that was billed'),
('charge_not_plausible', 'not_approved', 'the charge is not plausible'),
('not_covered', 'not_approved', 'the plan does not cover the service');

create table models.review_verdicts (
  verdict_id bigint generated always as identity primary key,
  claim_id bigint not null,
  service_month date not null,
  submitter_id integer not null,
  verdict text not null,
  reason_code text not null,
  reviewer text not null default session_user,
  recorded_at timestamptz not null default now(),
  in_history boolean not null default false,
  foreign key (reason_code, verdict) references models.review_reasons (reason_code, verdict)
);
comment on table models.review_verdicts is 'what reviewers said; of several verdicts on a claim the last holds';
comment on column models.review_verdicts.verdict_id is 'order in which they were recorded';
comment on column models.review_verdicts.claim_id is 'claim';
comment on column models.review_verdicts.service_month is 'partition key, as on the claim';
comment on column models.review_verdicts.submitter_id is 'whose claim';
comment on column models.review_verdicts.verdict is 'approved (as billed) or not_approved';
comment on column models.review_verdicts.reason_code is 'why';
comment on column models.review_verdicts.reviewer is 'role that was logged in';
comment on column models.review_verdicts.recorded_at is 'when';
comment on column models.review_verdicts.in_history is 'whether the history summaries have it';
create index review_verdicts_claim_id on models.review_verdicts (claim_id, verdict_id);
create index review_verdicts_not_in_history on models.review_verdicts (verdict_id) where not in_history;

create table models.provider_history (
  billing_npi text primary key,
  claims bigint not null,
  adjudicated bigint not null,
  approved bigint not null
);
comment on table models.provider_history is 'what production knows of a billing provider; kept by maintenance.refresh_history';
comment on column models.provider_history.billing_npi is 'billing provider NPI';
comment on column models.provider_history.claims is 'claims in production';
comment on column models.provider_history.adjudicated is 'of them, those with an outcome: approved, a line denied, or reviewed';
comment on column models.provider_history.approved is 'of those, the ones approved as billed';

create table models.procedure_history (
  hcpcs text primary key,
  lines bigint not null,
  units numeric not null,
  charged_lines bigint not null,
  charge_log_sum numeric not null,
  adjudicated bigint not null,
  approved bigint not null,
  usual_units double precision generated always as (nullif((units / nullif(lines, 0))::double precision, 0)) stored,
  usual_charge double precision generated always as (exp((charge_log_sum / nullif(charged_lines, 0))::double precision)) stored
);
comment on table models.procedure_history is 'what production knows of a procedure code; kept by maintenance.refresh_history';
comment on column models.procedure_history.hcpcs is 'procedure code';
comment on column models.procedure_history.lines is 'lines in production';
comment on column models.procedure_history.units is 'sum of their units';
comment on column models.procedure_history.charged_lines is 'lines with a charge and units above zero';
comment on column models.procedure_history.charge_log_sum is 'sum over those of ln(charge / units), to four decimals: exact, whatever the order';
comment on column models.procedure_history.adjudicated is 'lines whose claim has an outcome';
comment on column models.procedure_history.approved is 'of those, lines of claims approved as billed';
comment on column models.procedure_history.usual_units is 'mean units of a line; null when zero';
comment on column models.procedure_history.usual_charge is 'geometric mean of the charge per unit, dollars';

create table staging.claim_scores (
  claim_id bigint not null,
  batch_id bigint not null,
  received_on date not null,
  submitter_id integer not null,
  model_id integer not null,
  score real not null check (score between 0 and 1),
  threshold real not null check (threshold between 0 and 1),
  decision text not null generated always as (case when score >= threshold then 'approved' else 'review' end) stored,
  features real[] not null,
  primary key (claim_id, received_on)
) partition by range (received_on);
comment on table staging.claim_scores is 'scores of staged claims, one row per claim, one partition per day';
comment on column staging.claim_scores.claim_id is 'claim';
comment on column staging.claim_scores.batch_id is 'batch the claim stands in';
comment on column staging.claim_scores.received_on is 'day the batch was received: partition key';
comment on column staging.claim_scores.submitter_id is 'whose claim';
comment on column staging.claim_scores.model_id is 'model version: key in models.registry';
comment on column staging.claim_scores.score is 'probability of approval as billed, 0 to 1';
comment on column staging.claim_scores.threshold is 'score from which a claim needs no review';
comment on column staging.claim_scores.decision is 'approved from the threshold on, else review';
comment on column staging.claim_scores.features is 'what the model saw, in the order of scoring.feature_list';
create index claim_scores_batch_id on staging.claim_scores (batch_id);
alter table staging.claim_scores alter column batch_id set statistics 0;

create table production.claim_scores (
  claim_id bigint not null,
  service_month date not null,
  submitter_id integer not null,
  model_id integer not null,
  score real not null,
  threshold real not null,
  decision text not null check (decision in ('approved', 'review')),
  features real[] not null,
  primary key (claim_id, service_month)
) partition by range (service_month);
comment on table production.claim_scores is 'scores of the claims in production, one partition per month of service: what training reads';
comment on column production.claim_scores.claim_id is 'claim';
comment on column production.claim_scores.service_month is 'partition key, as on the claim';
comment on column production.claim_scores.submitter_id is 'whose claim';
comment on column production.claim_scores.model_id is 'model version: key in models.registry';
comment on column production.claim_scores.score is 'probability of approval as billed, 0 to 1';
comment on column production.claim_scores.threshold is 'score from which a claim needed no review';
comment on column production.claim_scores.decision is 'what the score alone decided: approved or review';
comment on column production.claim_scores.features is 'what the model saw, in the order of scoring.feature_list';

create index claims_on_review on production.claims (claim_id) where decision = 'review';

alter table queue.settings add column scoring_required boolean not null default true;
comment on column queue.settings.scoring_required is 'whether a claim must have a score before it is transferred';

alter table queue.batches
  drop constraint batches_state_check,
  add constraint batches_state_check
    check (state in ('received', 'validated', 'scored', 'transferred')),
  add column scored_at timestamptz,
  add column score_seconds real,
  add column claims_below_threshold integer,
  add column in_history boolean not null default false;
comment on column queue.batches.state is 'received, validated, scored, transferred';
comment on column queue.batches.scored_at is 'when scoring committed; null when it was not scored';
comment on column queue.batches.score_seconds is 'time of the stage call that scored it, shared by the batches of the call';
comment on column queue.batches.claims_below_threshold is 'moved claims that wait for a person because of their score alone';
comment on column queue.batches.in_history is 'whether the history summaries have its claims';
create index batches_not_in_history on queue.batches (batch_id) where state = 'transferred' and not in_history;

reset role;
"""

DOWNGRADE = """
set local role claims_owner;

-- The columns go with their index; a scored batch is a validated one again.
update queue.batches as batch set state = 'validated' where batch.state = 'scored';
drop index queue.batches_not_in_history;
alter table queue.batches
  drop constraint batches_state_check,
  add constraint batches_state_check check (state in ('received', 'validated', 'transferred')),
  drop column in_history,
  drop column claims_below_threshold,
  drop column score_seconds,
  drop column scored_at;
comment on column queue.batches.state is 'received, validated, transferred';
alter table queue.settings drop column scoring_required;
drop index production.claims_on_review;
drop table production.claim_scores;
drop table staging.claim_scores;
drop table models.procedure_history;
drop table models.provider_history;
drop table models.review_verdicts;
drop table models.review_reasons;
drop table models.registry;
drop schema models;

reset role;
"""


def upgrade() -> None:
    """Create the objects of this revision."""
    op.get_bind().exec_driver_sql(UPGRADE, execution_options=AS_WRITTEN)


def downgrade() -> None:
    """Drop the objects of this revision."""
    op.get_bind().exec_driver_sql(DOWNGRADE, execution_options=AS_WRITTEN)
