create view pipeline.reference_releases as
select
  release.release_id,
  release.kind,
  release.qpp_status,
  release.name,
  release.valid_from,
  release.valid_to,
  held.in_force,
  winning.superseded_by,
  release.row_count,
  release.is_starter,
  release.file_name,
  release.file_sha256,
  release.loaded_at,
  release.withdrawn_at,
  release.withdrawn_reason
from reference.releases as release
left join lateral (
  select
    range_agg(
      daterange(period.valid_from, nullif(period.valid_to, 'infinity'), '[]')
    ) as in_force
  from reference.periods_in_force as period
  where period.release_id = release.release_id
) as held on true
left join lateral (
  select
    array_agg(distinct period.release_id order by period.release_id)
      as superseded_by
  from reference.periods_in_force as period
  where
    period.kind = release.kind
    and release.qpp_status in ('both', period.qpp_status)
    and period.release_id <> release.release_id
    and period.valid_from <= coalesce(release.valid_to, 'infinity')
    and period.valid_to >= release.valid_from
) as winning on true;

comment on view pipeline.reference_releases
is 'Every release loaded, the dates it is in force on, and the releases that took dates from it.';
comment on column pipeline.reference_releases.in_force
is 'dates on which the release is in force; null when there are none';
comment on column pipeline.reference_releases.superseded_by
is 'releases that took dates from it; null when none did';
call maintenance._take_comments('pipeline.reference_releases', '{reference.releases}');
