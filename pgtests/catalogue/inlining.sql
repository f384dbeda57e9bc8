-- A leaf function is one SELECT that its caller's plan takes in: filters then reach
-- the partitions, and rows are not collected first. SET, STRICT, SECURITY DEFINER,
-- VOLATILE or another language would stop that.
begin;
\ir ../_support/catalogue.sql
select plan(4);

create temporary view leaves as
select routine.*
from our_routines as routine
where
  routine.name ~ '^validation\.(check_|report_intake_findings|npi_fails)'
  or routine.name ~ '^pricing\.(price_lines|rate_lines|find_releases|settle_lines)'
  or routine.name ~ '^pricing\.apply_'
  or routine.name ~ '^adjudication\.'
  or routine.name ~ '^scoring\.claim_features'
  or routine.name ~ '^keys\.patient_leaf'
  or routine.name ~ '^maintenance\.clock';

select cmp_ok(
  (select count(*) from leaves), '>=', 24::bigint, 'the leaf functions are found'
);

select is_empty(
  $$
    select leaves.name
    from leaves
    where
      leaves.language <> 'sql'
      or leaves.is_definer
      or leaves.is_strict
      or leaves.settings is not null
      or leaves.volatility = 'v'
      or leaves.kind <> 'f'
  $$,
  'nothing in their definition stops a leaf function from being inlined'
);

create function pg_temp.plan_of(p_query text)
returns setof text
language plpgsql
as $$
begin
  return query execute 'explain (costs off) ' || p_query;
end;
$$;

-- As their callers call them: with variables, which a plan sees as constants.
select is_empty(
  $$
    select leaves.name, step
    from leaves
    cross join
      lateral pg_temp.plan_of(
        format('select * from %s', leaves.oid::regproc)
        || case
          when leaves.name ~ '^pricing\.(price|rate)_lines'
            then '(array[row(1, 1, ''2025-07-01'', ''99213'', null, ''11'', 1, null, ''10112'', ''00'', null, null)]::pricing.line_to_price[])'
          when leaves.name ~ '^pricing'
            then '(null::' || replace(
              rtrim(split_part(leaves.name, '(', 2), ')'), ',', ', null::'
            ) || ')'
          when leaves.name ~ '^validation\.npi' then '(1234567893)'
          when leaves.name ~ '^maintenance\.' then '()'
          when leaves.name ~ '^keys\.' then '(1)'
          when leaves.name ~ '^adjudication\.decide_claim' then '(0, 1, null)'
          when leaves.name ~ '^adjudication'
            then '(''{1,2}''::bigint[], ''{2025-07-16}''::date[], ''{}'', null)'
          else '(''{1,2}''::bigint[], ''{2025-07-16}''::date[])'
        end
      ) as step
    where
      step ~ (
        'Function Scan on '
        || split_part(split_part(leaves.name, '.', 2), '(', 1)
      )
      -- What a price is made of is taken in, too.
      or leaves.name ~ '^pricing' and step ~ 'Function Scan on (?!unnest)'
  $$,
  'no plan has a leaf function left in it'
);

select isnt_empty(
  $$
    select step
    from
      pg_temp.plan_of('select * from pipeline.find_batch(''default'', ''a'')')
        as step
    where step ~ 'Scan.* on batches'
  $$,
  'find_batch is taken in, too'
);

select finish();
rollback;
