-- Models and scores for tests. Include it after fixture.sql.
--
-- A model named 'model' is registered; its file means nothing. score gives claims of
-- validated batches a score, as a worker would.
create function fixture.register_model(p_version text)
returns integer
language sql
begin atomic
  select scoring.register_model(
    p_version, sha256(convert_to(p_version, 'UTF8')), convert_to(p_version, 'UTF8'),
    scoring.feature_version(),
    (
      select array_agg(feature.name order by feature.ordinal)
      from scoring.feature_list as feature
    ),
    '{}'
  );
end;

-- One score for the given claim, or for all those of the batch.
create procedure fixture.score(
  p_score real,
  p_claim text default null,
  p_batch text default 'batch',
  p_threshold real default 0.8,
  p_model text default 'model'
)
language plpgsql
as $$
begin
  insert into staging.claim_scores (
    claim_id, batch_id, received_on, submitter_id, model_id, score, threshold, features
  )
  select
    feature.claim_id, feature.batch_id, feature.received_on, feature.submitter_id,
    model.model_id, p_score, p_threshold,
    array(
      select value::real
      from jsonb_each_text(to_jsonb(feature)) as given (name, value)
      inner join scoring.feature_list as listed on given.name = listed.name
      order by listed.ordinal
    )
  from scoring.take_features(array[fixture.batch_id(p_batch)]) as feature
  inner join models.registry as model on model.version = p_model
  where p_claim is null or feature.claim_id = fixture.claim_id(p_claim);
end;
$$;

do $$ begin perform fixture.register_model('model'); end $$;
