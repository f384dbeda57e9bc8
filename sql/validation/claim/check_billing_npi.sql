-- A provider bills many claims: each number is checked once. OFFSET 0 keeps the
-- cast from being repeated in every term of the check.
create function validation.check_billing_npi(
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
    'V010' as rule_code,
    'billing_npi' as field,
    claim.billing_npi as value
  from staging.claims as claim
  where
    claim.batch_id = any(p_batch_ids)
    and claim.received_on = any(p_received_on)
    and claim.billing_npi in (
      select number.npi
      from (
        select
          provider.billing_npi as npi,
          provider.billing_npi::bigint as digits
        from staging.claims as provider
        where
          provider.batch_id = any(p_batch_ids)
          and provider.received_on = any(p_received_on)
          and provider.billing_npi is not null
        group by provider.billing_npi
        offset 0
      ) as number
      where validation.npi_fails_check_digit(number.digits)
    );
end;

comment on function validation.check_billing_npi(bigint[], date[])
is 'V010: the billing provider NPI begins with 1 or 2 and passes its check digit.';
