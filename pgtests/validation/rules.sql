-- reference.rules and the routines of schema validation say the same.
begin;
select plan(6);

-- A rule code that stands in the body of a check, and in its comment.
create view pg_temp.checks as
select
  routine.proname::text as name,
  array(
    select distinct found.code[1]
    from regexp_matches(
      pg_get_function_sqlbody(routine.oid), '''(V[0-9]{3})''', 'g'
    ) as found (code)
  ) as rule_codes,
  obj_description(routine.oid, 'pg_proc') as comment
from pg_catalog.pg_proc as routine
where
  routine.pronamespace = 'validation'::regnamespace
  and routine.proname ~ '^check_';

select is_empty(
  'select name, rule_codes from pg_temp.checks where cardinality(rule_codes) <> 1',
  'a check is about one rule'
);
select is_empty(
  $$
    select rule_codes, array_agg(name)
    from pg_temp.checks
    group by rule_codes
    having count(*) > 1
  $$,
  'a rule has one check'
);
select bag_eq(
  $$
    select unnest(rule_codes) from pg_temp.checks
    union all
    select unnest('{V001,V002,V003,V004,V005,V007}'::text[])
  $$,
  'select rule_code from reference.rules',
  'a rule has a check, or is found at intake'
);
select is_empty(
  $$
    select name, comment
    from pg_temp.checks
    where comment !~ ('^' || rule_codes[1] || ': [^.]+\.$')
  $$,
  'the comment of a check begins with its rule'
);

select is_empty(
  $$
    select rule_code, title, hint
    from reference.rules
    where title !~ '^[a-z].*[^.]$' or hint !~ '^[A-Z].*\.$'
  $$,
  'a rule says what is wrong, and in a sentence what to do about it'
);

-- 277CA: category and status, or the status alone; 835: group, CARC and RARC.
select is_empty(
  $$
    select rule_code, disposition, claim_status, group_code, carc, rarc
    from reference.rules
    where
      case disposition
        when 'reject_claim' then
          coalesce(claim_status, '') !~ '^A[78]:[0-9]{1,3}(:[0-9A-Z]{2})?$'
        when 'deny_line' then
          coalesce(group_code, '') !~ '^(CO|PR|OA|PI)$'
          or coalesce(carc, '') !~ '^[0-9A-Z]{1,3}$'
          or rarc !~ '^(M|MA|N)[0-9]{1,3}$'
        when 'warn' then
          claim_status is not null or carc is not null or rarc is not null
        else true
      end
  $$,
  'a rule that rejects has a 277CA status, one that denies has a group and a CARC'
);

select finish();
rollback;
