-- Made ahead for the whole window of dates that queue.settings allows, so that
-- neither intake nor transfer has to wait for DDL.
create procedure maintenance.ensure_partitions()
language plpgsql
security definer
set search_path = pg_catalog, pg_temp
as $$
declare
  v_settings queue.settings;
  v_today date := (maintenance.clock() at time zone 'UTC')::date;
  v_made integer;
begin
  perform pg_advisory_xact_lock(hashtext('maintenance.ensure_partitions'));
  select settings.* into strict v_settings from queue.settings as settings;

  select count(*)
  into v_made
  from (
    select maintenance._ensure_partition(
      parent.name::regclass,
      to_char(day.day, 'YYYYMMDD'),
      day.day::date,
      day.day::date + 1
    ) as made
    from (values
      ('staging.claims'), ('staging.claim_lines'), ('staging.claim_findings'),
      ('staging.claim_scores')
    ) as parent (name)
    cross join generate_series(
      v_today, v_today + v_settings.staging_days_ahead::integer, interval '1 day'
    ) as day (day)
    union all
    select maintenance._ensure_partition(
      parent.name::regclass,
      to_char(month.month, 'YYYYMM'),
      month.month::date,
      (month.month + interval '1 month')::date
    ) as made
    from (values
      ('production.claims'), ('production.claim_lines'), ('production.claim_findings'),
      ('production.claim_scores')
    ) as parent (name)
    cross join generate_series(
      date_trunc('month', v_today::timestamp)
        - make_interval(months => v_settings.service_months_back),
      date_trunc('month', v_today::timestamp)
        + make_interval(months => v_settings.service_months_ahead),
      interval '1 month'
    ) as month (month)
    union all
    select maintenance._ensure_partition(
      'audit.events'::regclass,
      to_char(month.month, 'YYYYMM'),
      month.month::date,
      (month.month + interval '1 month')::date
    ) as made
    from generate_series(
      date_trunc('month', v_today::timestamp),
      date_trunc('month', v_today::timestamp)
        + make_interval(months => v_settings.service_months_ahead),
      interval '1 month'
    ) as month (month)
  ) as ensured
  where ensured.made;

  if v_made > 0 then
    perform auditing._protect_tables();
    perform auditing.record_event(
      'partitions.made', null, null, null, null, jsonb_build_object('count', v_made)
    );
  end if;
end;
$$;

comment on procedure maintenance.ensure_partitions()
is 'Makes the missing partitions: staging days ahead, production months of the service window, audit months. Safe to call at any time.';
