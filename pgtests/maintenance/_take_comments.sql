begin;
select plan(1);

create temporary table first_source (shared integer, first_alone integer, own integer);
comment on column first_source.shared is 'of the first';
comment on column first_source.first_alone is 'of the first alone';
comment on column first_source.own is 'of the first, too';
create temporary table second_source (shared integer, second_alone integer);
comment on column second_source.shared is 'of the second';
comment on column second_source.second_alone is 'it''s of the second';
create temporary view looked_at as
select 1 as shared, 2 as first_alone, 3 as second_alone, 4 as own, 5 as "of nobody";
comment on column looked_at.own is 'its own';
call maintenance._take_comments('looked_at', '{first_source,second_source}');

select results_eq(
  $$
    select attribute.attname::text collate "default", col_description(attribute.attrelid, attribute.attnum)
    from pg_catalog.pg_attribute as attribute
    where attribute.attrelid = 'looked_at'::regclass
    order by attribute.attnum
  $$,
  $$ values
    ('shared', 'of the first'),
    ('first_alone', 'of the first alone'),
    ('second_alone', 'it''s of the second'),
    ('own', 'its own'),
    ('of nobody', null)
  $$,
  'a column keeps its comment, or takes that of the first relation that has one'
);

select finish();
rollback;
