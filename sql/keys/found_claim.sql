-- What a search finds, so that a search can be recorded before its rows are given.
create type keys.found_claim as (
  claim_id bigint,
  submitter_id integer,
  batch_id bigint,
  state text,
  decision text,
  received_at timestamptz,
  first_service_date date,
  total_charge numeric,
  allowed_amount numeric
);

comment on type keys.found_claim
is 'A claim that a search found: where it stands, and nothing of whose it is. decision is the resolution of a failed one.';
