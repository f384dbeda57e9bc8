-- The Medicare physician fee schedule: lines are rated, rules look at them, and what
-- the rules say is settled. Nothing is rounded but the result: the amounts of the steps
-- are exact, so that the last one always rounds to it. Every line comes back: with an
-- amount, or with a status, a reason and no amount. A line whose amount depends on a
-- rule that is not applied here is pended with that reason, because no percentage is
-- invented. Lines that no rule touches are settled by one expression.
create function pricing.price_lines(p_lines pricing.line_to_price [])
returns table (
  claim_id bigint,
  line_number smallint,
  pricing_status text,
  reason_code text,
  allowed_amount numeric,
  rvu_release_id integer,
  gpci_release_id integer,
  step_codes text[],
  step_factors numeric[],
  step_amounts numeric[]
)
language sql
stable
parallel safe
begin atomic
  with rated as materialized (
    select rate_lines.* from pricing.rate_lines(p_lines) as rate_lines
  ),

  watched as (
    select array_agg(special.modifier) as modifiers
    from catalogue.payment_modifiers as special
    where special.effect <> 'row'
  ),

  shown as (
    select array_agg(rated::pricing.rated_line) as lines
    from rated
    cross join watched
    where not pricing.is_plain(
      rated.fee, rated.status_code, rated.has_relative_values, rated.units,
      rated.charge, rated.modifiers, rated.row_modifier, rated.rendering_taxonomy,
      rated.is_facility, rated.plus_four_required, rated.opps_cap, watched.modifiers
    )
  ),

  -- Payable lines by what looks at them together, so that each rule of a day is shown
  -- its own lines alone.
  grouped as (
    select
      array_agg(rated::pricing.rated_line) filter (
        where rated.multiple_procedure in ('2', '3')
      ) as surgery,
      array_agg(rated::pricing.rated_line) filter (
        where rated.multiple_procedure = '4'
      ) as imaging,
      array_agg(rated::pricing.rated_line) filter (
        where rated.multiple_procedure = '5'
      ) as therapy,
      array_agg(rated::pricing.rated_line) filter (
        where rated.multiple_procedure = '6'
      ) as cardiovascular,
      array_agg(rated::pricing.rated_line) filter (
        where rated.multiple_procedure = '7'
      ) as ophthalmology,
      array_agg(rated::pricing.rated_line) filter (
        where rated.modifiers && array['RT', 'LT']
      ) as sided,
      array_agg(rated::pricing.rated_line) filter (
        where (rated.claim_id, rated.service_date) in (
          select
            injection.claim_id,
            injection.service_date
          from rated as injection
          where injection.status_code = 'T'
        )
      ) as beside_injection
    from rated
    where rated.status_code in ('A', 'R', 'C', 'J', 'T')
  ),

  effect as materialized (
    select said.*
    from shown
    cross join lateral pricing.apply_line_rules(shown.lines) as said
    union all
    select said.*
    from grouped
    cross join
      lateral pricing.apply_day_rules(
        grouped.beside_injection, grouped.sided, grouped.surgery, grouped.imaging,
        grouped.therapy, grouped.cardiovascular, grouped.ophthalmology
      ) as said
  ),

  -- Of several reasons of a line one is told: that of the first step.
  told as (
    select distinct on (effect.position)
      effect.position,
      effect.reason_code
    from effect
    left join catalogue.pricing_steps as step on effect.step_code = step.step_code
    order by
      effect.position asc,
      effect.reason_code is null asc,
      step.precedence asc,
      effect.reason_code asc
  ),

  judged as materialized (
    select
      rated.position,
      rated.claim_id,
      rated.line_number,
      rated.units,
      rated.charge,
      rated.rvu_release_id,
      rated.gpci_release_id,
      rated.conversion_factor,
      rated.fee,
      told.reason_code,
      told.position is not null as is_touched
    from rated
    left join told on rated.position = told.position
  ),

  changed as (
    select
      array_agg(
        row(
          judged.position, judged.fee, judged.conversion_factor, judged.units,
          judged.charge
        )::pricing.line_to_settle
      ) as lines
    from judged
    where judged.is_touched and judged.reason_code is null
  ),

  changing as (
    select array_agg(effect::pricing.line_effect) as effects
    from effect
    inner join judged on effect.position = judged.position
    where judged.reason_code is null
  ),

  plain as (
    select
      judged.*,
      judged.fee * judged.units as full_amount
    from judged
    where judged.reason_code is null and not judged.is_touched
  )

  select
    plain.claim_id,
    plain.line_number,
    'priced' as pricing_status,
    null::text as reason_code,
    round(least(plain.full_amount, plain.charge), 2) as allowed_amount,
    plain.rvu_release_id,
    plain.gpci_release_id,
    array['fee_schedule']
    || case when plain.units <> 1 then array['units'] end
    || case when plain.charge < plain.full_amount then array['charge'] end
      as step_codes,
    array[plain.conversion_factor]
    || case when plain.units <> 1 then array[plain.units] end
    || case when plain.charge < plain.full_amount then array[null::numeric] end
      as step_factors,
    array[trim_scale(plain.fee)]
    || case when plain.units <> 1 then array[trim_scale(plain.full_amount)] end
    || case when plain.charge < plain.full_amount then array[plain.charge] end
      as step_amounts
  from plain
  union all
  select
    judged.claim_id,
    judged.line_number,
    'priced' as pricing_status,
    null::text as reason_code,
    settled.allowed_amount,
    judged.rvu_release_id,
    judged.gpci_release_id,
    settled.step_codes,
    settled.step_factors,
    settled.step_amounts
  from changed
  cross join changing
  cross join
    lateral pricing.settle_lines(changed.lines, changing.effects) as settled
  inner join judged on settled.line_position = judged.position
  union all
  select
    judged.claim_id,
    judged.line_number,
    reason.pricing_status,
    judged.reason_code,
    case when reason.pricing_status <> 'pended' then 0.00 end as allowed_amount,
    judged.rvu_release_id,
    judged.gpci_release_id,
    null as step_codes,
    null as step_factors,
    null as step_amounts
  from judged
  left join catalogue.pricing_reasons as reason
    on judged.reason_code = reason.reason_code
  where judged.reason_code is not null;
end;

comment on function pricing.price_lines(pricing.line_to_price [])
is 'The allowed amount of each line with the steps that made it, or a status and reason without amount. Dollars, rounded half up once.';
