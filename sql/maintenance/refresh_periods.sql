-- Which release is in force on a date follows from the releases alone, whatever
-- the order they were loaded in: the latest first date wins, then a published
-- release before a starter one, then the later loaded. The dates at which any
-- release begins or ends cut time into pieces; each piece has one winner or none, and
-- neighbouring pieces with the same winner are one period. No gap parts them: what
-- wins on both sides of a piece is in force in it, too.
create function maintenance.refresh_periods(p_kind text)
returns integer
language plpgsql
security definer
set search_path = pg_catalog, pg_temp
as $$
declare
  v_periods integer;
  v_table text;
begin
  perform pg_advisory_xact_lock(hashtext('reference.releases'), hashtext(p_kind));
  delete from reference.periods_in_force as period where period.kind = p_kind;

  with served as (
    select
      release.release_id,
      status.qpp_status,
      release.valid_from,
      coalesce(release.valid_to, 'infinity') as valid_to,
      release.is_starter
    from reference.releases as release
    cross join (values ('qpp'), ('non_qpp')) as status (qpp_status)
    where
      release.kind = p_kind
      and release.qpp_status in ('both', status.qpp_status)
      and release.withdrawn_at is null
  ),

  cuts as (
    select served.qpp_status, served.valid_from as cut from served
    union
    select served.qpp_status, served.valid_to + 1 as cut
    from served
    where served.valid_to < 'infinity'
  ),

  pieces as (
    select
      cuts.qpp_status,
      cuts.cut as valid_from,
      coalesce(
        lead(cuts.cut) over (partition by cuts.qpp_status order by cuts.cut) - 1,
        'infinity'
      ) as valid_to
    from cuts
  ),

  won as (
    select
      pieces.qpp_status,
      pieces.valid_from,
      pieces.valid_to,
      winner.release_id,
      lag(winner.release_id) over previous as previous_release_id
    from pieces
    cross join lateral (
      select served.release_id
      from served
      where
        served.qpp_status = pieces.qpp_status
        and pieces.valid_from between served.valid_from and served.valid_to
      order by served.valid_from desc, served.is_starter, served.release_id desc
      limit 1
    ) as winner
    window previous as (partition by pieces.qpp_status order by pieces.valid_from)
  ),

  numbered as (
    select
      won.*,
      count(*) filter (
        where won.previous_release_id is distinct from won.release_id
      ) over (partition by won.qpp_status order by won.valid_from) as period_number
    from won
  )

  insert into reference.periods_in_force
  (kind, qpp_status, valid_from, valid_to, release_id)
  select
    p_kind,
    numbered.qpp_status,
    min(numbered.valid_from),
    max(numbered.valid_to),
    min(numbered.release_id)
  from numbered
  group by numbered.qpp_status, numbered.period_number;
  get diagnostics v_periods = row_count;

  v_table := case p_kind
    when 'rvu' then 'procedure_rvus'
    when 'gpci' then 'geographic_indices'
    when 'anesthesia_cf' then 'anesthesia_conversion_factors'
    when 'zip_locality' then 'zip_localities'
    when 'opps_cap' then 'opps_caps'
    when 'icd10cm' then 'diagnosis_codes'
    when 'place_of_service' then 'place_of_service_codes'
  end;
  execute format('analyze reference.%I', v_table);
  analyze reference.periods_in_force;
  return v_periods;
end;
$$;

comment on function maintenance.refresh_periods(text)
is 'Works out anew which release of a kind is in force on which dates, and analyses the table of the kind; returns the number of periods.';
