-- The file is kept with its metadata, so that a score can be explained by the very
-- model that gave it, and so that every worker of a database can use the same one.
create function scoring.register_model(
  p_version text,
  p_file_sha256 bytea,
  p_model_file bytea,
  p_feature_version integer,
  p_features text[],
  p_metadata jsonb
)
returns integer
language plpgsql
security definer
set search_path = pg_catalog, pg_temp
as $$
declare
  v_model models.registry;
begin
  if p_feature_version <> scoring.feature_version() or p_features is distinct from (
    select array_agg(feature.name order by feature.ordinal)
    from scoring.feature_list as feature
  ) then
    raise exception using
      errcode = 'SC002',
      message = format(
        'model %s was trained on version %s of the features, and version %s is installed',
        p_version, p_feature_version, scoring.feature_version()
      ),
      hint = 'Train a model on the features installed: claims model train.';
  end if;
  if sha256(p_model_file) <> p_file_sha256 then
    raise exception using
      errcode = 'SC003',
      message = format('the file of model %s is not the one its hash is of', p_version),
      hint = 'Send the file and its metadata as they were written together.';
  end if;

  perform pg_advisory_xact_lock(hashtext('models.registry'));
  select model.* into v_model
  from models.registry as model
  where model.version = p_version or model.file_sha256 = p_file_sha256
  order by model.file_sha256 = p_file_sha256 desc
  limit 1;
  if found then
    if v_model.version <> p_version or v_model.file_sha256 <> p_file_sha256 then
      raise exception using
        errcode = 'SC004',
        message = format(
          'model %s is registered with another file or under another version', p_version
        ),
        hint = 'Give each model a version of its own; claims model list shows those that are taken.';
    end if;
    return v_model.model_id;
  end if;

  insert into models.registry
  (version, file_sha256, model_file, feature_version, metadata)
  values (p_version, p_file_sha256, p_model_file, p_feature_version, p_metadata)
  returning * into strict v_model;
  perform auditing.record_event(
    'model.registered', null, null, null, null,
    jsonb_build_object(
      'model_id', v_model.model_id, 'version', p_version,
      'file_sha256', encode(p_file_sha256, 'hex')
    )
  );
  return v_model.model_id;
end;
$$;

comment on function scoring.register_model(text, bytea, bytea, integer, text[], jsonb)
is 'The id of a model in models.registry, where it is put when it is new. SC002: other features than those installed. SC003: file and hash differ. SC004: version or file taken.';
