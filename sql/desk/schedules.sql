-- How long the fee schedule reaches from today on without a gap: where it ends, lines
-- of later dates wait for the next one.
create view pipeline.schedules as
select
  kind.kind,
  reached.dates is not null as reaches_today,
  upper(reached.dates) - 1 as covered_to,
  upper(reached.dates) - 1 - current_date as days_left
from (values ('rvu'), ('gpci')) as kind (kind)
left join lateral (
  select covering.dates
  from (
    select
      range_agg(
        daterange(period.valid_from, nullif(period.valid_to, 'infinity'), '[]')
      ) as covered
    from reference.periods_in_force as period
    inner join queue.settings as settings on period.qpp_status = settings.qpp_status
    where period.kind = kind.kind
  ) as known
  cross join lateral unnest(known.covered) as covering (dates)
  where covering.dates @> current_date
) as reached on true;

comment on view pipeline.schedules
is 'Relative values and geographic indices: whether they are in force today, the last date of service that they reach from today on without a gap (null when there is no end), and the days until then.';
comment on column pipeline.schedules.kind is 'rvu (relative values) or gpci (indices)';
comment on column pipeline.schedules.reaches_today is 'whether one is in force today';
comment on column pipeline.schedules.covered_to
is 'last date of service reached from today on without a gap; null when there is no end';
comment on column pipeline.schedules.days_left is 'days until then';
