create procedure scoring.activate_model(p_version text)
language plpgsql
security definer
set search_path = pg_catalog, pg_temp
as $$
declare
  v_model models.registry;
begin
  perform pg_advisory_xact_lock(hashtext('models.registry'));
  select model.* into v_model
  from models.registry as model
  where model.version = p_version;
  if not found then
    raise exception using
      errcode = 'SC005',
      message = format('there is no model %s', p_version),
      hint = 'claims model list shows the models that are registered.';
  end if;
  if v_model.feature_version <> scoring.feature_version() then
    raise exception using
      errcode = 'SC002',
      message = format(
        'model %s was trained on version %s of the features, and version %s is installed',
        p_version, v_model.feature_version, scoring.feature_version()
      ),
      hint = 'Train a model on the features installed: claims model train.';
  end if;
  if v_model.is_active then
    return;
  end if;
  update models.registry as model set is_active = false where model.is_active;
  update models.registry as model
  set is_active = true
  where model.model_id = v_model.model_id;
  perform auditing.record_event(
    'model.activated', null, null, null, null,
    jsonb_build_object('model_id', v_model.model_id, 'version', p_version)
  );
end;
$$;

comment on procedure scoring.activate_model(text)
is 'Makes a registered model the one that scores where ML_MODEL_PATH names none. SC002, SC005.';
