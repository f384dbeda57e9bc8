-- Cheap enough for every request: a few dozen rows that change with a release.
create function access.reference_version()
returns text
language sql
stable
security definer
set search_path = pg_catalog, pg_temp
begin atomic
  select
    md5(
      string_agg(
        format(
          '%s %s %s %s %s', period.kind, period.qpp_status, period.valid_from,
          period.valid_to, period.release_id
        ),
        ',' order by period.kind, period.qpp_status, period.valid_from
      )
      || (select settings.qpp_status from queue.settings as settings)
      || coalesce(
        (
          select string_agg(format('%s %s', floored.valid_from, floored.valid_to), ',')
          from catalogue.work_floor_periods as floored
        ),
        ''
      )
    )
  from reference.periods_in_force as period;
end;

comment on function access.reference_version()
is 'A name for the reference releases in force and the setting that chooses among them: it changes when a price can.';
