-- A provider bills many claims: each number is checked once. OFFSET 0 keeps the
-- cast from being repeated in every term of the check.
create function validation.check_rendering_npi(
  p_batch_ids bigint[],
  p_received_on date[]
)
returns table (
  claim_id bigint,
  line_number smallint,
  rule_code text,
  field text,
  value text
)
language sql
stable
parallel safe
begin atomic
  select
    claim.claim_id,
    0::smallint as line_number,
    'V011' as rule_code,
    'rendering_npi' as field,
    claim.rendering_npi as value
  from staging.claims as claim
  where
    claim.batch_id = any(p_batch_ids)
    and claim.received_on = any(p_received_on)
    and claim.rendering_npi in (
      select number.npi
      from (
        select
          provider.rendering_npi as npi,
          provider.rendering_npi::bigint as digits
        from staging.claims as provider
        where
          provider.batch_id = any(p_batch_ids)
          and provider.received_on = any(p_received_on)
          and provider.rendering_npi is not null
        group by provider.rendering_npi
        offset 0
      ) as number
      where validation.npi_fails_check_digit(number.digits)
    );
end;

comment on function validation.check_rendering_npi(bigint[], date[])
is 'V011: the rendering provider NPI begins with 1 or 2 and passes its check digit.';
