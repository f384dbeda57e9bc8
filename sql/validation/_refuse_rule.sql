-- A finding whose rule nobody knows must not be lost: the claim would pass.
create function validation._refuse_rule(p_rule_code text)
returns text
language plpgsql
stable
set search_path = pg_catalog, pg_temp
as $$
begin
  raise exception using
    errcode = 'VL001',
    message = format('rule %s of a finding is not in reference.rules', p_rule_code),
    hint = 'Nothing was validated. Run claims db upgrade with the version of the program that loaded the claims.';
end;
$$;

comment on function validation._refuse_rule(text)
is 'Refuses a finding of a rule that is not in reference.rules: VL001.';
