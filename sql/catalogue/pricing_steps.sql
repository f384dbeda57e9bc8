-- What an amount goes through. Two orders, because they are two questions: in which
-- order factors and ceilings change an amount, and which of several reasons is told.
create view catalogue.pricing_steps as
select
  step.step_code,
  step.place,
  step.precedence,
  step.title,
  step.formula
from (
  values
  ('row', 100, 100, 'row of the fee schedule', null),
  ('status', 110, 110, 'status of the row', null),
  ('relative_values', 120, 120, 'relative values of the row', null),
  ('injection', 130, 130, 'injection', null),
  ('role', 140, 140, 'role and part of the service', null),
  ('provider_type', 150, 150, 'provider type', null),
  ('quantity', 160, 160, 'units and charge as billed', null),
  ('setting', 190, 190, 'setting', null),
  ('locality', 210, 210, 'locality', null),
  ('fee_schedule', 300, 300, 'fee', 'schedule'),
  ('units', 310, 310, 'units', null),
  ('bilateral', 400, 400, 'bilateral surgery', null),
  ('multiple_procedures', 600, 600, 'multiple procedures', null),
  ('opps_cap', 700, 700, 'OPPS cap', 'opps'),
  ('charge', 910, 910, 'charge', null)
) as step (step_code, place, precedence, title, formula);

comment on view catalogue.pricing_steps
is 'The steps of an amount: place orders factors and ceilings, precedence says whose reason is told (the lowest), formula which relative values the step is computed from, if any.';
comment on column catalogue.pricing_steps.step_code is 'the step, as lines have it';
comment on column catalogue.pricing_steps.place
is 'order in which factors and ceilings apply';
comment on column catalogue.pricing_steps.precedence
is 'whose reason is told, the lowest first';
comment on column catalogue.pricing_steps.title is 'the step in words';
comment on column catalogue.pricing_steps.formula
is 'relative values that it is computed from; null when from none';
