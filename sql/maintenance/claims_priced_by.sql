-- By the months that the release was for, so that no other partition is read: a line
-- has the release of its own date, and the month of the earliest line of its claim.
create function maintenance.claims_priced_by(p_release_id integer)
returns table (
  claim_id bigint,
  service_month date,
  lines bigint,
  allowed_amount numeric
)
language sql
stable
begin atomic
  select
    line.claim_id,
    line.service_month,
    count(*) as lines,
    sum(line.allowed_amount) as allowed_amount
  from reference.releases as release
  inner join production.claim_lines as line
    on
      release.release_id in (line.rvu_release_id, line.gpci_release_id)
      and line.service_month
      between date_trunc('month', release.valid_from::timestamp)::date - 366
      and coalesce(release.valid_to, 'infinity')
  where release.release_id = p_release_id
  group by line.claim_id, line.service_month
  order by line.claim_id;
end;

comment on function maintenance.claims_priced_by(integer)
is 'Claims with lines whose amount or reason came from a release of relative values or geographic indices: their lines by it, and what these were allowed.';
