-- An expression, because it is computed for every line; a test holds it to
-- catalogue.payment_modifiers.
create function pricing.choose_row_modifier(p_modifiers text[])
returns text
language sql
immutable
parallel safe
return
case
  when p_modifiers is null then ''
  when '26' = any(p_modifiers) then '26'
  when 'TC' = any(p_modifiers) then 'TC'
  when '53' = any(p_modifiers) then '53'
  else ''
end;

comment on function pricing.choose_row_modifier(text[])
is 'The modifier whose row of the fee schedule holds for a line with these modifiers: 26 before TC before 53, or empty for the global row.';
