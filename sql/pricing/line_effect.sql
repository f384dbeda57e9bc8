-- What a rule says of a line: a factor, a ceiling, or a reason why it has no amount.
create type pricing.line_effect as (
  position bigint,
  step_code text,
  factor numeric,
  ceiling numeric,
  reason_code text
);

comment on type pricing.line_effect
is 'What a rule says of the line at a position: its step of catalogue.pricing_steps, and a factor, a ceiling of the amount, or a reason of catalogue.pricing_reasons.';
