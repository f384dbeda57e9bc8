-- Population stability index: sum over bins of (now - then) * ln(now / then), between
-- the shares that the model's metadata keeps of its training claims and those of the
-- newest claims it scored. A share of zero counts as 0.0001, as is usual. The newest
-- claims come from the ends of the partitions' primary keys, not from a scan.
create function scoring.measure_drift(
  p_claims integer default 10000,
  p_version text default null
)
returns table (
  model_version text,
  name text,
  stability_index double precision,
  claims bigint,
  history_claims bigint
)
language sql
stable
security definer
set search_path = pg_catalog, pg_temp
begin atomic
  with model as (
    select
      registered.model_id,
      registered.version,
      registered.metadata
    from models.registry as registered
    where
      registered.version = p_version
      or (
        p_version is null
        and registered.model_id = (
          select score.model_id
          from production.claim_scores as score
          order by score.claim_id desc
          limit 1
        )
      )
  ),

  snapshot as (
    select
      model.version,
      bins.name,
      bins.ordinal,
      bins.edges,
      bins.shares
    from model
    cross join lateral jsonb_to_recordset(model.metadata -> 'snapshot') as bins (
      name text,
      ordinal integer,
      edges double precision[],
      shares double precision[]
    )
  ),

  recent as materialized (
    select
      score.score,
      score.features
    from production.claim_scores as score
    where score.model_id = (select model.model_id from model)
    order by score.claim_id desc
    limit p_claims
  ),

  observed as (
    select
      snapshot.ordinal,
      binned.bin,
      count(*) as claims
    from snapshot
    cross join recent
    cross join
      lateral (
        select
          width_bucket(
            case
              when snapshot.ordinal = 0 then recent.score
              else recent.features[snapshot.ordinal]
            end::double precision,
            snapshot.edges
          ) as bin
      ) as binned
    group by snapshot.ordinal, binned.bin
  ),

  compared as (
    select
      snapshot.version,
      snapshot.name,
      snapshot.ordinal,
      greatest(known.share, 0.0001) as known_share,
      greatest(
        coalesce(observed.claims, 0)::double precision / total.claims, 0.0001
      ) as observed_share,
      total.claims
    from snapshot
    cross join (select count(*) as claims from recent) as total
    cross join
      lateral unnest(snapshot.shares)
      with ordinality as known (share, position)
    left join observed
      on
        snapshot.ordinal = observed.ordinal
        and known.position = observed.bin + 1
    where total.claims > 0
  )

  select
    compared.version as model_version,
    compared.name,
    sum(
      (compared.observed_share - compared.known_share)
      * ln(compared.observed_share / compared.known_share)
    ) as stability_index,
    min(compared.claims) as claims,
    (
      select coalesce(sum(history.claims), 0)::bigint
      from models.provider_history as history
    ) as history_claims
  from compared
  group by compared.version, compared.name, compared.ordinal
  order by compared.ordinal;
end;

comment on function scoring.measure_drift(integer, text)
is 'Population stability index of the score (named score) and of each feature: the newest p_claims claims that a model scored against its training claims. The model of the newest score unless a version is given; no row without scores. Below 0.1 stable, above 0.25 changed, where claims and history_claims, those that the history counts, are enough to say.';
