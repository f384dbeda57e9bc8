-- Most lines have nothing that a rule of lines could change or hold: these are not
-- shown to the rules. A test shows them all the same, and no rule touches one.
create function pricing.is_plain(
  p_fee numeric,
  p_status_code text,
  p_has_relative_values boolean,
  p_units numeric,
  p_charge numeric,
  p_modifiers text[],
  p_row_modifier text,
  p_rendering_taxonomy text,
  p_is_facility boolean,
  p_plus_four_required boolean,
  p_opps_cap numeric,
  p_watched_modifiers text[]
)
returns boolean
language sql
immutable
parallel safe
return coalesce(
  p_fee is not null
  and p_status_code in ('A', 'R', 'T')
  and p_has_relative_values
  and p_units > 0
  and (p_charge is null or p_charge > 0)
  and (
    p_modifiers is null
    or not p_modifiers && p_watched_modifiers
    and (p_row_modifier = '' or cardinality(p_modifiers) = 1)
  )
  and (p_rendering_taxonomy is null or not pricing.is_paid_share(p_rendering_taxonomy))
  and p_is_facility is not null
  and p_plus_four_required is distinct from true
  and (p_opps_cap is null or p_opps_cap >= p_fee),
  false
);

comment on function pricing.is_plain(
  numeric, text, boolean, numeric, numeric, text[], text, text, boolean, boolean,
  numeric, text[]
)
is 'Whether no rule of lines can touch a rated line; given the modifiers for which lines wait.';
