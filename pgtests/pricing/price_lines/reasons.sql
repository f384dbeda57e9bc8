-- The reasons stand in the routine and, with what they mean, in a table: a reason that
-- the table lacks would lose its lines.
begin;
\ir ../../_support/catalogue.sql
select plan(3);

create temporary view given as
select distinct reason.match[1] as reason_code
from pg_catalog.pg_proc as routine
cross join
  lateral regexp_matches(
    pg_get_functiondef(routine.oid), '(?:THEN|ELSE) ''([a-z_]+)''::text', 'g'
  ) as reason (match)
where routine.oid = 'pricing.price_lines(pricing.line_to_price[])'::regprocedure
union
select special.reason_code
from catalogue.payment_modifiers as special
where special.effect = 'reason';

select set_eq(
  'select given.reason_code from given',
  'select reason.reason_code from catalogue.pricing_reasons as reason',
  'the routine gives the reasons of the table, all of them and no other'
);
select is_empty(
  $$
    select reason.reason_code
    from catalogue.pricing_reasons as reason
    where
      (reason.pricing_status = 'pended')
      <> (reason.group_code is null and reason.carc is null)
  $$,
  'what is adjusted to zero is reported on a remittance, and what waits is not yet'
);
select is_empty(
  $$
    select reason.reason_code
    from catalogue.pricing_reasons as reason
    where reason.title ~ '(^[A-Z]|\.$)' or reason.hint !~ '^[A-Z].*\.$'
  $$,
  'titles are phrases and hints are sentences'
);

select finish();
rollback;
