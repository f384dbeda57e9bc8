-- Few dates instead of many lines, so that all joins that follow are on equality and
-- can be hashed.
create function pricing.find_releases(p_service_dates date[])
returns table (
  service_date date,
  rvu_release_id integer,
  gpci_release_id integer,
  zip_release_id integer,
  place_release_id integer,
  zip_list_complete boolean,
  work_floor boolean
)
language sql
stable
parallel safe
begin atomic
  select
    serviced.service_date,
    max(period.release_id) filter (where period.kind = 'rvu') as rvu_release_id,
    max(period.release_id) filter (where period.kind = 'gpci') as gpci_release_id,
    max(period.release_id) filter (where period.kind = 'zip_locality')
      as zip_release_id,
    max(period.release_id) filter (where period.kind = 'place_of_service')
      as place_release_id,
    bool_or(not release.is_starter) filter (where period.kind = 'zip_locality')
      as zip_list_complete,
    exists(
      select from catalogue.work_floor_periods as floored
      where serviced.service_date between floored.valid_from and floored.valid_to
    ) as work_floor
  from unnest(p_service_dates) as serviced (service_date)
  cross join queue.settings as settings
  left join reference.periods_in_force as period
    on
      settings.qpp_status = period.qpp_status
      and serviced.service_date between period.valid_from and period.valid_to
  left join reference.releases as release on period.release_id = release.release_id
  group by serviced.service_date;
end;

comment on function pricing.find_releases(date[])
is 'The releases in force on each date of service for the QPP status of this database, whether its list of ZIP codes is complete (a starter is not), and whether the floor of the work index is law.';
