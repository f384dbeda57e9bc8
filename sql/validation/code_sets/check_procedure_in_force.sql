-- A code is judged by the release in force on its date of service. Where none is
-- loaded, V026 says so.
create function validation.check_procedure_in_force(
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
    'V021' as rule_code,
    'hcpcs' as field,
    line.hcpcs as value
  from staging.claim_lines as line
  cross join queue.settings as settings
  inner join reference.periods_in_force as period
    on
      period.kind = 'rvu'
      and settings.qpp_status = period.qpp_status
      and line.service_date between period.valid_from and period.valid_to
  where
    line.batch_id = any(p_batch_ids)
    and line.received_on = any(p_received_on)
    and line.hcpcs is not null
    and not exists (
      select from reference.procedure_rvus as rvu
      where rvu.release_id = period.release_id and rvu.hcpcs = line.hcpcs
    );
end;

comment on function validation.check_procedure_in_force(bigint[], date[])
is 'V021: the procedure code is on the fee schedule in force on the date of service.';
