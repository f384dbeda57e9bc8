-- From the catalogue, so that the list cannot differ from what is computed.
create view scoring.feature_list as
select
  row_number() over (order by attribute.attnum)::integer as ordinal,
  attribute.attname::text as name,
  col_description(attribute.attrelid, attribute.attnum) as description,
  scoring.feature_version() as version
from pg_catalog.pg_attribute as attribute
where
  attribute.attrelid = 'scoring.claim_feature'::regclass
  and attribute.atttypid = 'real'::regtype
  and not attribute.attisdropped;

comment on view scoring.feature_list
is 'The features in the order in which vectors hold them, what each means, and their version.';
comment on column scoring.feature_list.ordinal is 'place in the vectors, from 1';
comment on column scoring.feature_list.name is 'name of the feature';
comment on column scoring.feature_list.description is 'what it means';
comment on column scoring.feature_list.version is 'version of the whole list';
