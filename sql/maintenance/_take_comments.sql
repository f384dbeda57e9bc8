-- A view mostly hands on what tables hold: what a column is stands there, once. Called
-- beside the view, after the comments of its own.
create procedure maintenance._take_comments(
  p_view regclass, p_sources regclass []
)
language plpgsql
set search_path = pg_catalog, pg_temp
as $$
declare
  v_statement text;
begin
  -- A few columns of a view; a comment takes no parameter.
  for v_statement in
    select distinct on (own.attnum)
      format('comment on column %s.%I is %L', p_view, own.attname, given.comment)
    from pg_catalog.pg_attribute as own
    cross join unnest(p_sources) with ordinality as source (relation, place)
    inner join pg_catalog.pg_attribute as theirs
      on source.relation = theirs.attrelid and own.attname = theirs.attname
    cross join lateral (
      select col_description(theirs.attrelid, theirs.attnum) as comment
    ) as given
    where
      own.attrelid = p_view
      and own.attnum > 0
      and col_description(own.attrelid, own.attnum) is null
      and given.comment is not null
    order by own.attnum, source.place
  loop
    execute v_statement;
  end loop;
end;
$$;

comment on procedure maintenance._take_comments(regclass, regclass [])
is 'Gives each column of a view that has no comment the one of the column of that name in the first of the relations that has it.';
