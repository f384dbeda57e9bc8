-- A finding that denies or pends holds its line, and one of the claim itself all of
-- them; the others are priced. Claims are read once and hashed: by index, a look for
-- each line costs three times as much. What is held is adjudication.decide_lines'.
create function transfer._choose_lines(
  p_batch_ids bigint[],
  p_received_on date[],
  p_failed bigint[]
)
returns pricing.line_to_price []
language plpgsql
set search_path = pg_catalog, pg_temp
as $$
declare
  v_lines pricing.line_to_price[];
begin
  with claim as materialized (
    select
      claim.claim_id,
      claim.carrier,
      claim.locality,
      claim.service_zip,
      coalesce(claim.rendering_taxonomy, claim.billing_taxonomy) as taxonomy
    from staging.claims as claim
    where
      claim.batch_id = any(p_batch_ids)
      and claim.received_on = any(p_received_on)
  )

  select array_agg(
    row(
      line.claim_id, line.line_number, line.service_date, line.hcpcs, line.modifiers,
      line.place_of_service, line.units, line.charge, claim.carrier, claim.locality,
      claim.service_zip, claim.taxonomy
    )::pricing.line_to_price
  )
  into v_lines
  from staging.claim_lines as line
  inner join claim
    on line.claim_id = claim.claim_id
  where
    line.batch_id = any(p_batch_ids)
    and line.received_on = any(p_received_on)
    and not exists (
      select from unnest(p_failed) as failed (claim_id)
      where failed.claim_id = line.claim_id
    )
    and not exists (
      select from staging.claim_findings as finding
      where
        finding.batch_id = any(p_batch_ids)
        and finding.received_on = any(p_received_on)
        and finding.disposition in ('deny_line', 'pend')
        and finding.claim_id = line.claim_id
        and finding.line_number in (line.line_number, 0)
    );
  return v_lines;
end;
$$;

comment on function transfer._choose_lines(bigint[], date[], bigint[])
is 'The lines of the batches that are to be priced: of claims that did not fail, and held by no finding.';
