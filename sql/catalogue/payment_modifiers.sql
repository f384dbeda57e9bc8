-- Modifiers that change the amount of a line. Those with a row of their own choose it
-- by their place: the lowest that a line carries.
create view catalogue.payment_modifiers as
select
  special.modifier,
  special.effect,
  special.place,
  special.reason_code
from (
  values
  ('26', 'row', 1, null),
  ('TC', 'row', 2, null),
  ('53', 'row', 3, null),
  ('22', 'reason', null, 'documentation'),
  ('52', 'reason', null, 'documentation'),
  ('50', 'reason', null, 'bilateral'),
  ('62', 'reason', null, 'co_surgery'),
  ('66', 'reason', null, 'co_surgery'),
  ('80', 'reason', null, 'assistant_surgery'),
  ('81', 'reason', null, 'assistant_surgery'),
  ('82', 'reason', null, 'assistant_surgery'),
  ('AS', 'reason', null, 'assistant_surgery'),
  ('54', 'reason', null, 'split_global'),
  ('55', 'reason', null, 'split_global'),
  ('56', 'reason', null, 'split_global'),
  ('78', 'reason', null, 'split_global'),
  ('CQ', 'reason', null, 'therapy_assistant'),
  ('CO', 'reason', null, 'therapy_assistant')
) as special (modifier, effect, place, reason_code);

comment on view catalogue.payment_modifiers
is 'Modifiers that change the amount of a line. Effect row: a fee schedule row of its own, chosen by place; reason: the line waits with the reason beside.';
comment on column catalogue.payment_modifiers.modifier is 'the modifier';
comment on column catalogue.payment_modifiers.effect
is 'row: a fee schedule row of its own; reason: the line waits';
comment on column catalogue.payment_modifiers.place
is 'which of several rows is taken, the lowest first';
comment on column catalogue.payment_modifiers.reason_code
is 'reason for which the line waits; null for a row';
