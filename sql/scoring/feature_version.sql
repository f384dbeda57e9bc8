-- Raised by hand whenever a feature means something else than before, because a
-- model sees only numbers: tests/test_model.py holds the hash of what each version is.
create function scoring.feature_version()
returns integer
language sql
immutable
parallel safe
begin atomic
  select 1;
end;

comment on function scoring.feature_version()
is 'Version of the features; a model is used with the version it was trained on and no other.';
