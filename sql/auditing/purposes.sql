-- What 45 CFR 164.528 (a)(1) exempts from an accounting of disclosures, and what it
-- does not. What states no purpose is accounted for.
create view auditing.purposes as
select
  purpose.purpose,
  purpose.is_accounted,
  purpose.title
from (
  values
  ('treatment', false, 'treatment (164.506)'),
  ('payment', false, 'payment (164.506)'),
  ('operations', false, 'health care operations (164.506)'),
  ('individual', false, 'to the individual (164.502)'),
  ('authorization', false, 'by authorization of the individual (164.508)'),
  ('limited_data_set', false, 'as part of a limited data set (164.514 e)'),
  ('required_by_law', true, 'required by law (164.512 a)'),
  ('public_health', true, 'public health (164.512 b)'),
  ('health_oversight', true, 'health oversight (164.512 d)'),
  ('judicial', true, 'judicial and administrative proceedings (164.512 e)'),
  ('law_enforcement', true, 'law enforcement (164.512 f)'),
  ('research', true, 'research (164.512 i)'),
  ('workers_compensation', true, 'workers'' compensation (164.512 l)'),
  ('other', true, 'another purpose')
) as purpose (purpose, is_accounted, title);

comment on view auditing.purposes
is 'Purposes that claims.purpose may name, and whether a disclosure for it belongs into an accounting of disclosures (45 CFR 164.528).';
comment on column auditing.purposes.purpose
is 'why PHI is looked at, as events and requests name it';
comment on column auditing.purposes.is_accounted
is 'whether an accounting of disclosures lists it';
comment on column auditing.purposes.title is 'the purpose in words';
