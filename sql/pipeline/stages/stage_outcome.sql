-- What a stage hands to what ends it, for each batch; null where the stage does not
-- count that, and the batch keeps what it has.
create type pipeline.stage_outcome as (
  batch_id bigint,
  claims_failed integer,
  claims_moved integer,
  lines_moved integer,
  claims_pended integer,
  claims_denied integer,
  claims_below_threshold integer,
  allowed_total numeric
);

comment on type pipeline.stage_outcome
is 'What a stage came to for one batch: claims_failed is added to those that failed before, the others stand for themselves.';
