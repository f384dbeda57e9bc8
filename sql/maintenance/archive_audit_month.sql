-- The seals of the month stay, so that the chain has no gap; `claims audit verify`
-- then says that the stretch is archived. What every earlier archiving said is said
-- again, because the events that said it may be in the month that goes.
create procedure maintenance.archive_audit_month(p_month date)
language plpgsql
security definer
set search_path = pg_catalog, pg_temp
as $$
declare
  v_suffix text := to_char(p_month, 'YYYYMM');
  v_unsealed bigint;
  v_events bigint;
begin
  if to_regclass('audit.events_' || v_suffix) is null then
    raise exception using
      errcode = 'AU005',
      message = format('the audit trail has no month %s', to_char(p_month, 'YYYY-MM')),
      hint = 'Give a day of a month that claims db status counts among its partitions.';
  end if;
  if
    date_trunc('month', p_month::timestamp) + interval '1 month'
    > maintenance.clock() at time zone 'UTC'
  then
    raise exception using
      errcode = 'AU006',
      message = format('the month %s is not over', to_char(p_month, 'YYYY-MM')),
      hint = 'Archive months that are over.';
  end if;

  execute format(
    $count$
      select
        count(*),
        count(*) filter (
          where event.transaction_id >= coalesce(
            (
              select max(seal.to_transaction)
              from audit.seals as seal
              where seal.system_identifier = event.system_identifier
            ),
            '0'
          )
        )
      from audit.%I as event
    $count$,
    'events_' || v_suffix
  )
  into v_events, v_unsealed;
  if v_unsealed > 0 then
    raise exception using
      errcode = 'AU007',
      message = format(
        '%s events of %s are not sealed', v_unsealed, to_char(p_month, 'YYYY-MM')
      ),
      hint = 'Run claims audit seal first.';
  end if;

  execute format('alter table audit.events detach partition audit.events_%s', v_suffix);
  execute format(
    'alter table audit.events_%1$s rename to archived_events_%1$s', v_suffix
  );
  execute format(
    'comment on table audit.archived_events_%s is %L', v_suffix,
    'events of ' || to_char(p_month, 'YYYY-MM')
    || ', detached: dump it, then an administrator may drop it'
  );
  perform auditing._protect_tables();
  perform auditing.record_event(
    'audit.month_archived', null, null, null, null,
    jsonb_build_object(
      'month', to_char(p_month, 'YYYY-MM'),
      'events', v_events,
      'archived', (
        select jsonb_agg(distinct archived.month)
        from (
          select to_jsonb(to_char(p_month, 'YYYY-MM')) as month
          union all
          select jsonb_array_elements(event.detail -> 'archived')
          from audit.events as event
          where event.action = 'audit.month_archived'
        ) as archived
      )
    )
  );
end;
$$;

comment on procedure maintenance.archive_audit_month(date)
is 'Detaches a sealed month that is over from the audit trail, as audit.archived_events_YYYYMM. AU005: no such month. AU006: not over. AU007: not sealed.';
