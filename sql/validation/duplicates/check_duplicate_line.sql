-- What Medicare calls an exact duplicate: the same code and modifiers on the same
-- dates in the same place for the same charge. The first of several is paid.
-- Modifiers that say repeated or distinct lift the edit. Few claims have a code twice
-- on a day: those are found first, and their lines compared column by column.
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
  with counted as (
    select
      line.claim_id,
      line.line_number,
      line.hcpcs,
      line.service_date,
      coalesce(line.service_date_to, line.service_date) as service_date_to,
      line.modifiers,
      line.place_of_service,
      line.charge,
      count(*) over (
        partition by line.claim_id, line.hcpcs, line.service_date
      ) as lines
    from staging.claim_lines as line
    where
      line.batch_id = any(p_batch_ids)
      and line.received_on = any(p_received_on)
      and line.hcpcs is not null
      and line.service_date is not null
  ),

  compared as (
    select
      counted.claim_id,
      counted.line_number,
      counted.hcpcs,
      counted.service_date,
      counted.modifiers,
      min(counted.line_number) over (
        partition by
          counted.claim_id, counted.hcpcs, counted.service_date,
          counted.service_date_to, counted.modifiers, counted.place_of_service,
          counted.charge
      ) as first_line
    from counted
    where counted.lines > 1
  )

  select
    compared.claim_id,
    compared.line_number,
    'V041' as rule_code,
    'hcpcs' as field,
    format(
      '%s on %s repeats line %s',
      compared.hcpcs, compared.service_date, compared.first_line
    )
      as value
  from compared
  where
    compared.line_number > compared.first_line
    and not coalesce(
      compared.modifiers && array['59', '76', '77', '91', 'XE', 'XP', 'XS', 'XU'],
      false
    );
end;

comment on function validation.check_duplicate_line(bigint[], date[])
is 'V041: a line does not repeat another of its claim (code, modifiers, dates, place and charge), unless a modifier says that it is a repeat or distinct.';
