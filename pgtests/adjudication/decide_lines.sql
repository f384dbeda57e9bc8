-- What is priced has the codes of its reason, what a finding holds those of its rule
-- when it is denied, and what is allowed below the charge is CO 45.
begin;
\ir ../_support/fixture.sql
select plan(2);

call fixture.add_procedure('1000B', p_status_code => 'B');
call fixture.add_procedure('1000N', p_status_code => 'N');
update reference.rules set disposition = 'pend' where rule_code = 'V025';
call fixture.add_batch('validated', p_state => 'validated');
call fixture.add_claim('priced', p_batch => 'validated');
call fixture.add_line('priced', p_charge => 50);
call fixture.add_line('priced', p_hcpcs => '1000B');
call fixture.add_line('priced', p_hcpcs => '1000N');
call fixture.add_claim('held', p_batch => 'validated');
call fixture.add_line('held');
call fixture.add_finding('held', 'V015', 1);
call fixture.add_finding('held', 'V025', 1);
call fixture.add_finding('held', 'V025', 2);
call fixture.add_claim('failed', p_batch => 'validated');
call fixture.add_finding('failed', 'V015', 1);

create function pg_temp.decided()
returns table (
  claim text, line_number integer, pricing_status text, reason_code text,
  allowed_amount numeric, group_code text, carc text, rarc text
)
language plpgsql
as $$
declare
  v_batch_ids bigint[] := array[fixture.batch_id('validated')];
  v_failed bigint[] := array[fixture.claim_id('failed')];
begin
  return query
  select
    named.name, line.line_number::integer, line.pricing_status, line.reason_code,
    line.allowed_amount, line.group_code, line.carc, line.rarc
  from adjudication.decide_lines(
    v_batch_ids, '{2025-07-16}', v_failed,
    transfer._choose_lines(v_batch_ids, '{2025-07-16}', v_failed)
  ) as line
  inner join fixture.claims as named on line.claim_id = named.claim_id
  order by line.claim_id, line.line_number;
end;
$$;
select results_eq(
  'select * from pg_temp.decided()',
  $$ values
    ('priced', 1, 'priced', null, 81.86, 'CO', '45', null),
    ('priced', 2, 'priced', null, 50.00, null, null, null),
    ('priced', 3, 'bundled', 'bundled', 0.00, 'CO', '97', null),
    ('priced', 4, 'not_covered', 'not_covered', 0.00, 'PR', '96', null),
    ('held', 1, 'denied', 'V015', 0.00, 'CO', '29', null),
    ('held', 2, 'pended', 'V025', null, null, null, null)
  $$,
  'each line comes once, with its codes, and none of a claim that failed'
);
select is(
  (
    select array_agg(line.charge order by line.line_number)
    from adjudication.decide_lines(
      array[fixture.batch_id('validated')], '{2025-07-16}', '{}', '{}'
    ) as line
    where line.claim_id = fixture.claim_id('held')
  ),
  '{120.00,120.00}',
  'what is held needs no price, and comes with what was billed'
);

select finish();
rollback;
