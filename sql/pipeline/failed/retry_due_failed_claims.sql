-- A claim waits for reference data when every rule that rejected it says so. It goes
-- back on its way when a release of such a rule's kind is in force on the date of one
-- of its lines and was not when it failed: the same comparison, whenever the release
-- was loaded, committed or superseded.
create function pipeline.retry_due_failed_claims(p_max_claims integer default 25000)
returns integer
language plpgsql
security definer
set search_path = pg_catalog, pg_temp
set plan_cache_mode = 'force_custom_plan'
as $$
declare
  v_in_force integer[];
  v_claim_ids bigint[];
begin
  -- One at a time; whoever comes second has nothing to add.
  if not pg_try_advisory_xact_lock(hashtext('pipeline.retry_due_failed_claims')) then
    return 0;
  end if;
  select coalesce(array_agg(distinct period.release_id), '{}') into v_in_force
  from reference.periods_in_force as period;

  select array_agg(locked.claim_id) into v_claim_ids
  from (
    select failed.claim_id
    from staging.failed_claims as failed
    where
      failed.resolution = 'open'
      and failed.next_retry_at <= maintenance.clock()
      and not failed.releases_in_force @> v_in_force
      and exists (
        select
        from queue.settings as settings
        inner join reference.rules as rule
          on rule.rule_code = any(failed.rule_codes)
        inner join reference.periods_in_force as period
          on
            rule.retry_on_release = period.kind
            and settings.qpp_status = period.qpp_status
        cross join lateral jsonb_array_elements(failed.staged_lines) as line (staged)
        where
          period.release_id <> all(failed.releases_in_force)
          and (line.staged ->> 'service_date')::date
          between period.valid_from and period.valid_to
      )
    order by failed.claim_id
    limit p_max_claims
    for update skip locked
  ) as locked;
  if v_claim_ids is null then
    return 0;
  end if;
  perform pipeline._retry_claims(v_claim_ids, 'new release');
  return cardinality(v_claim_ids);
end;
$$;

comment on function pipeline.retry_due_failed_claims(integer)
is 'Puts failed claims on their way again whose reference data has come since; returns how many. A worker calls it now and then; without one, let pg_cron.';
