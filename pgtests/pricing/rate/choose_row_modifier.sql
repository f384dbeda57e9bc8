-- Which modifier chooses the row is told twice: to people in the catalogue, and to the
-- machine by an expression.
begin;
\ir ../../_support/fixture.sql
select plan(3);

select is_empty(
  $$
    select one.modifier, other.modifier
    from catalogue.payment_modifiers as one
    inner join catalogue.payment_modifiers as other on one.place <= other.place
    where
      one.effect = 'row'
      and other.effect = 'row'
      and (
        pricing.choose_row_modifier(array[other.modifier, '59', one.modifier])
        <> one.modifier
        or pricing.choose_row_modifier(array[one.modifier, other.modifier])
        <> one.modifier
      )
  $$,
  'of two that have a row of their own, the first of the catalogue'
);
select is_empty(
  $$
    select special.modifier
    from catalogue.payment_modifiers as special
    where
      special.effect <> 'row'
      and pricing.choose_row_modifier(array[special.modifier]) <> ''
  $$,
  'the others choose none'
);
select results_eq(
  $$
    select pricing.choose_row_modifier(null), pricing.choose_row_modifier('{}')
  $$,
  $$ values ('', '') $$,
  'nor do no modifiers'
);

select finish();
rollback;
