-- Every line that goes to production, once: priced, or held by a finding, and then
-- denied before pended. Where less than the charge is allowed, the rest is a
-- contractual obligation (CO 45); else the codes are those of the reason, and a rule
-- gives codes to what it denies alone.
--
-- Must inline, so that the caller's statement is planned as one: the arrays are then
-- constants, whose lengths the planner knows.
create function adjudication.decide_lines(
  p_batch_ids bigint[],
  p_received_on date[],
  p_failed bigint[],
  p_lines pricing.line_to_price []
)
returns table (
  claim_id bigint,
  line_number smallint,
  submitter_id integer,
  service_date date,
  service_date_to date,
  hcpcs text,
  modifiers text[],
  place_of_service text,
  units numeric,
  minutes integer,
  charge numeric,
  diagnosis_pointers smallint[],
  pricing_status text,
  reason_code text,
  allowed_amount numeric,
  rvu_release_id integer,
  gpci_release_id integer,
  step_codes text[],
  step_factors numeric[],
  step_amounts numeric[],
  group_code text,
  carc text,
  rarc text
)
language sql
stable
parallel safe
begin atomic
  with priced as (
    select * from pricing.price_lines(p_lines)
    union all
    select
      held.claim_id,
      held.line_number,
      case
        when held.denied_by is not null then 'denied' else 'pended'
      end as pricing_status,
      coalesce(held.denied_by, held.pended_by) as reason_code,
      case when held.denied_by is not null then 0.00 end as allowed_amount,
      null as rvu_release_id,
      null as gpci_release_id,
      null as step_codes,
      null as step_factors,
      null as step_amounts
    from (
      select
        line.claim_id,
        line.line_number,
        min(finding.rule_code) filter (where finding.disposition = 'deny_line')
          as denied_by,
        min(finding.rule_code) filter (where finding.disposition = 'pend')
          as pended_by
      from staging.claim_findings as finding
      inner join staging.claim_lines as line
        on
          finding.claim_id = line.claim_id
          and finding.line_number in (line.line_number, 0)
      where
        finding.batch_id = any(p_batch_ids)
        and finding.received_on = any(p_received_on)
        and finding.disposition in ('deny_line', 'pend')
        and not exists (
          select from unnest(p_failed) as failed (claim_id)
          where failed.claim_id = finding.claim_id
        )
        and line.batch_id = any(p_batch_ids)
        and line.received_on = any(p_received_on)
      group by line.claim_id, line.line_number
    ) as held
  )

  select
    line.claim_id,
    line.line_number,
    line.submitter_id,
    line.service_date,
    line.service_date_to,
    line.hcpcs,
    line.modifiers,
    line.place_of_service,
    line.units,
    line.minutes,
    line.charge,
    line.diagnosis_pointers,
    priced.pricing_status,
    priced.reason_code,
    priced.allowed_amount,
    priced.rvu_release_id,
    priced.gpci_release_id,
    priced.step_codes,
    priced.step_factors,
    priced.step_amounts,
    case
      when line.charge > priced.allowed_amount and priced.pricing_status = 'priced'
        then 'CO'
      else coalesce(reason.group_code, rule.group_code)
    end as group_code,
    case
      when line.charge > priced.allowed_amount and priced.pricing_status = 'priced'
        then '45'
      else coalesce(reason.carc, rule.carc)
    end as carc,
    coalesce(reason.rarc, rule.rarc) as rarc
  from staging.claim_lines as line
  inner join priced
    on line.claim_id = priced.claim_id and line.line_number = priced.line_number
  left join catalogue.pricing_reasons as reason
    on priced.reason_code = reason.reason_code
  left join reference.rules as rule
    on priced.reason_code = rule.rule_code and priced.pricing_status = 'denied'
  where
    line.batch_id = any(p_batch_ids)
    and line.received_on = any(p_received_on);
end;

comment on function adjudication.decide_lines(
  bigint[], date[], bigint[], pricing.line_to_price []
)
is 'The lines of the batches as production keeps them: status, reason, amount, group code, CARC and RARC. p_lines are priced, and those that a finding holds are denied or pended; lines of claims that failed are left out.';
