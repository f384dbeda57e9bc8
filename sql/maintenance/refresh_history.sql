-- Only batches and verdicts that are not counted yet: what production holds already
-- is never read again. A claim counts when its batch is transferred; its outcome
-- counts when there is one: at once when it was approved or denied, or with the
-- verdict.
-- A batch's claims are found by the range of their ids on the primary key, and
-- seq scans are off because no statistics tell the planner how narrow that range is.
create function maintenance.refresh_history()
returns bigint
language plpgsql
security definer
set search_path = pg_catalog, pg_temp
set plan_cache_mode = 'force_custom_plan'
set jit = off
set enable_seqscan = off
set enable_hashjoin = off
set enable_mergejoin = off
as $$
declare
  v_batch_ids bigint[];
  v_verdict_ids bigint[];
  v_claims bigint;
begin
  -- One at a time; who comes second finds the work done.
  perform pg_advisory_xact_lock(hashtext('maintenance.refresh_history'));
  select coalesce(array_agg(taken.batch_id), '{}') into v_batch_ids
  from (
    select batch.batch_id
    from queue.batches as batch
    where batch.state = 'transferred' and not batch.in_history
    order by batch.batch_id
    for update
  ) as taken;
  select coalesce(array_agg(verdict.verdict_id), '{}') into v_verdict_ids
  from models.review_verdicts as verdict
  where not verdict.in_history;

  -- The change of each claim's counts: its arrival, and each verdict against what
  -- held before it.
  create temporary table history_change as
  select
    claim.claim_id,
    claim.service_month,
    claim.billing_npi,
    1 as claims,
    (claim.decision <> 'review')::integer as adjudicated,
    (claim.decision = 'approved' and claim.denied_line_count = 0)::integer as approved
  from queue.batches as batch
  inner join production.claims as claim
    on
      claim.claim_id between batch.first_claim_id and batch.last_claim_id
      and batch.batch_id = claim.batch_id
  where batch.batch_id = any(v_batch_ids)
  union all
  select
    claim.claim_id,
    claim.service_month,
    claim.billing_npi,
    0 as claims,
    (before.approved is null)::integer as adjudicated,
    (verdict.verdict = 'approved')::integer - coalesce(before.approved, 0) as approved
  from unnest(v_verdict_ids) as id (verdict_id)
  inner join models.review_verdicts as verdict on id.verdict_id = verdict.verdict_id
  inner join production.claims as claim
    on
      verdict.claim_id = claim.claim_id
      and verdict.service_month = claim.service_month
  cross join lateral (
    select
      coalesce(
        (
          select (earlier.verdict = 'approved')::integer
          from models.review_verdicts as earlier
          where
            earlier.claim_id = verdict.claim_id
            and earlier.verdict_id < verdict.verdict_id
          order by earlier.verdict_id desc
          limit 1
        ),
        case
          when claim.decision <> 'review'
            then (claim.decision = 'approved' and claim.denied_line_count = 0)::integer
        end
      ) as approved
  ) as before;

  insert into models.provider_history as provider
  (billing_npi, claims, adjudicated, approved)
  select
    change.billing_npi,
    sum(change.claims),
    sum(change.adjudicated),
    sum(change.approved)
  from history_change as change
  where change.billing_npi is not null
  group by change.billing_npi
  order by change.billing_npi
  on conflict (billing_npi) do update
  set
    claims = provider.claims + excluded.claims,
    adjudicated = provider.adjudicated + excluded.adjudicated,
    approved = provider.approved + excluded.approved;

  insert into models.procedure_history as procedure
  (hcpcs, lines, units, charged_lines, charge_log_sum, adjudicated, approved)
  select
    line.hcpcs,
    sum(change.claims),
    coalesce(sum(line.units) filter (where change.claims = 1), 0),
    count(*) filter (where change.claims = 1 and line.charge > 0 and line.units > 0),
    coalesce(
      sum(
        round(ln(line.charge::double precision / line.units::double precision)::numeric, 4)
      ) filter (where change.claims = 1 and line.charge > 0 and line.units > 0),
      0
    ),
    sum(change.adjudicated),
    sum(change.approved)
  from history_change as change
  inner join production.claim_lines as line
    on
      change.claim_id = line.claim_id
      and change.service_month = line.service_month
  where line.hcpcs is not null
  group by line.hcpcs
  order by line.hcpcs
  on conflict (hcpcs) do update
  set
    lines = procedure.lines + excluded.lines,
    units = procedure.units + excluded.units,
    charged_lines = procedure.charged_lines + excluded.charged_lines,
    charge_log_sum = procedure.charge_log_sum + excluded.charge_log_sum,
    adjudicated = procedure.adjudicated + excluded.adjudicated,
    approved = procedure.approved + excluded.approved;

  update queue.batches as batch
  set in_history = true
  where batch.batch_id = any(v_batch_ids);
  update models.review_verdicts as verdict
  set in_history = true
  where verdict.verdict_id = any(v_verdict_ids);
  select count(*) into v_claims from history_change as change;
  drop table history_change;
  return v_claims;
end;
$$;

comment on function maintenance.refresh_history()
is 'Adds what was transferred and reviewed since the last call to the history that features look at; returns the claims concerned. One transaction; call it every few minutes.';
