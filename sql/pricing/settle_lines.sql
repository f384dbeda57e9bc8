-- Factors multiply and ceilings limit, one after the other: sums of logarithms would
-- round on the way.
create function pricing._fold(
  p_amount numeric,
  p_base numeric,
  p_factor numeric,
  p_ceiling numeric
)
returns numeric
language sql
immutable
parallel safe
return least(
  trim_scale(coalesce(p_base, p_amount * coalesce(p_factor, 1))), p_ceiling
);

comment on function pricing._fold(numeric, numeric, numeric, numeric)
is 'The amount after a step: the base, or the amount before times the factor, and at most the ceiling.';

create aggregate pricing.fold(numeric, numeric, numeric) (
  sfunc = pricing._fold,
  stype = numeric,
  parallel = safe
);

comment on aggregate pricing.fold(numeric, numeric, numeric)
is 'The amount after the steps so far, each a base, a factor or a ceiling; to be used as a window function in the order of the steps.';

-- The steps of the lines that rules have touched, in the order of the catalogue. A step
-- is told where it changed something.
create function pricing.settle_lines(
  p_lines pricing.line_to_settle [],
  p_effects pricing.line_effect []
)
returns table (
  line_position bigint,
  allowed_amount numeric,
  step_codes text[],
  step_factors numeric[],
  step_amounts numeric[]
)
language sql
stable
parallel safe
begin atomic
  with stepped as (
    select
      line.position,
      given.step_code,
      given.base,
      given.factor,
      given.ceiling
    from unnest(p_lines) as line
    cross join
      lateral (
        values
        ('fee_schedule', line.fee, line.conversion_factor, null),
        ('units', null, line.units, null),
        ('charge', null, null, line.charge)
      ) as given (step_code, base, factor, ceiling)
    union all
    select
      effect.position,
      effect.step_code,
      null::numeric as base,
      effect.factor,
      effect.ceiling
    from unnest(p_effects) as effect
    where effect.reason_code is null
  ),

  folded as (
    select
      stepped.position,
      stepped.step_code,
      stepped.base,
      stepped.factor,
      step.place,
      pricing.fold(stepped.base, stepped.factor, stepped.ceiling) over placed as amount,
      row_number() over placed as number
    from stepped
    left join catalogue.pricing_steps as step on stepped.step_code = step.step_code
    window
      placed as (
        partition by stepped.position
        order by step.place, stepped.factor, stepped.ceiling
        rows between unbounded preceding and current row
      )
  ),

  compared as (
    select
      folded.*,
      coalesce(
        folded.base is not null
        or folded.factor <> 1
        or folded.amount < lag(folded.amount) over (
          partition by folded.position order by folded.number
        ),
        false
      ) as changes
    from folded
  )

  select
    compared.position as line_position,
    round((array_agg(compared.amount order by compared.number desc))[1], 2)
      as allowed_amount,
    array_agg(compared.step_code order by compared.number) filter (
      where compared.changes
    ) as step_codes,
    array_agg(compared.factor order by compared.number) filter (
      where compared.changes
    ) as step_factors,
    array_agg(compared.amount order by compared.number) filter (
      where compared.changes
    ) as step_amounts
  from compared
  group by compared.position;
end;

comment on function pricing.settle_lines(pricing.line_to_settle [], pricing.line_effect [])
is 'The amounts of lines that rules have touched: fee and units, the effects in the order of catalogue.pricing_steps, the charge as the last ceiling; rounded half up once.';
