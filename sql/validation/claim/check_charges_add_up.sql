create function validation.check_charges_add_up(
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
    'V033' as rule_code,
    'total_charge' as field,
    format('%s, lines %s', claim.total_charge, charged.total) as value
  from staging.claims as claim
  inner join (
    select
      line.claim_id,
      sum(line.charge) as total
    from staging.claim_lines as line
    where
      line.batch_id = any(p_batch_ids)
      and line.received_on = any(p_received_on)
    group by line.claim_id
  ) as charged
    on claim.claim_id = charged.claim_id
  where
    claim.batch_id = any(p_batch_ids)
    and claim.received_on = any(p_received_on)
    and claim.total_charge <> charged.total;
end;

comment on function validation.check_charges_add_up(bigint[], date[])
is 'V033: the line charges add up to the claim charge.';
