create type pricing.line_to_settle as (
  position bigint,
  fee numeric,
  conversion_factor numeric,
  units numeric,
  charge numeric
);

comment on type pricing.line_to_settle
is 'What the amount of a line begins with, and the charge that it cannot exceed; charge may be null.';
