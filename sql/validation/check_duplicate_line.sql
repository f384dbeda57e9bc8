-- What Medicare calls an exact duplicate: the same code and modifiers on the same
-- dates in the same place for the same charge. The first of several is paid.
-- Modifiers that say repeated or distinct lift the edit.
create function validation.check_duplicate_line(
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
    line.claim_id,
    line.line_number,
    'V041' as rule_code,
    'hcpcs' as field,
    format(
      '%s on %s repeats line %s', line.hcpcs, line.service_date, repeated.first_line
    )
      as value
  from staging.claim_lines as line
  inner join (
    select
      first.claim_id,
      first.hcpcs,
      first.service_date,
      coalesce(first.service_date_to, first.service_date) as service_date_to,
      first.modifiers,
      first.place_of_service,
      first.charge,
      min(first.line_number) as first_line
    from staging.claim_lines as first
    where
      first.batch_id = any(p_batch_ids)
      and first.received_on = any(p_received_on)
    group by
      first.claim_id, first.hcpcs, first.service_date,
      coalesce(first.service_date_to, first.service_date), first.modifiers,
      first.place_of_service, first.charge
    having count(*) > 1
  ) as repeated
    on
      line.claim_id = repeated.claim_id
      and line.hcpcs = repeated.hcpcs
      and line.service_date = repeated.service_date
      and coalesce(line.service_date_to, line.service_date) = repeated.service_date_to
      and line.modifiers is not distinct from repeated.modifiers
      and line.place_of_service = repeated.place_of_service
      and line.charge = repeated.charge
      and line.line_number > repeated.first_line
  where
    line.batch_id = any(p_batch_ids)
    and line.received_on = any(p_received_on)
    and not coalesce(
      line.modifiers && array['59', '76', '77', '91', 'XE', 'XP', 'XS', 'XU'], false
    );
end;

comment on function validation.check_duplicate_line(bigint[], date[])
is 'V041: a line does not repeat another of its claim (code, modifiers, dates, place and charge), unless a modifier says that it is a repeat or distinct.';
