-- A line that is denied comes to zero and one that waits to no amount; the other lines
-- of the claim are paid.
begin;
\ir ../../_support/fixture.sql
select plan(5);

call fixture.add_procedure('1000C', p_status_code => 'C');
call fixture.add_procedure('1000N', p_status_code => 'N');
update reference.rules set disposition = 'pend' where rule_code = 'V025';

create procedure pg_temp.add_claim(p_claim text, p_hcpcs text default '99213')
language sql
as $$
  call fixture.add_claim(p_claim, p_batch => 'validated', p_hcpcs => p_hcpcs);
  call fixture.add_line(p_claim);
$$;
call fixture.add_batch('validated', p_state => 'validated');
call pg_temp.add_claim('denied');
call fixture.add_finding('denied', 'V041', 1);
call pg_temp.add_claim('denied twice');
call fixture.add_finding('denied twice', 'V041', 1);
call fixture.add_finding('denied twice', 'V015', 1);
call fixture.add_finding('denied twice', 'V025', 1);
call pg_temp.add_claim('contractor''s price', '1000C');
call pg_temp.add_claim('not covered', '1000N');
call pg_temp.add_claim('pended');
call fixture.add_finding('pended', 'V025', 1);
call pg_temp.add_claim('denied and pended');
call fixture.add_finding('denied and pended', 'V015', 1);
call fixture.add_finding('denied and pended', 'V025', 2);
call pg_temp.add_claim('pended as a whole');
call fixture.add_finding('pended as a whole', 'V025', 0);
call pg_temp.add_claim('warned');
call fixture.add_finding('warned', 'V026', 1);

select results_eq(
  $$
    select
      moved.claims_moved, moved.lines_moved, moved.claims_pended, moved.claims_failed,
      moved.allowed_total
    from transfer.move_batches(array[fixture.batch_id('validated')]) as moved
  $$,
  -- Seven lines of 81.86: the second one of five claims, both of the one with a warning.
  $$ values (8, 16, 4, 0, 573.02) $$,
  'all claims are moved, and those with a line that waits are counted'
);
select results_eq(
  $$
    select
      named.name, line.line_number::integer, line.pricing_status, line.reason_code,
      line.allowed_amount, line.group_code, line.carc, line.rarc
    from production.claim_lines as line
    inner join fixture.claims as named on line.claim_id = named.claim_id
    order by line.claim_id, line.line_number
  $$,
  $$ values
    ('denied', 1, 'denied', 'V041', 0.00, 'CO', '18', null),
    ('denied', 2, 'priced', null, 81.86, 'CO', '45', null),
    ('denied twice', 1, 'denied', 'V015', 0.00, 'CO', '29', null),
    ('denied twice', 2, 'priced', null, 81.86, 'CO', '45', null),
    ('contractor''s price', 1, 'pended', 'contractor_priced', null, null, null, null),
    ('contractor''s price', 2, 'priced', null, 81.86, 'CO', '45', null),
    ('not covered', 1, 'not_covered', 'not_covered', 0.00, 'PR', '96', null),
    ('not covered', 2, 'priced', null, 81.86, 'CO', '45', null),
    ('pended', 1, 'pended', 'V025', null, null, null, null),
    ('pended', 2, 'priced', null, 81.86, 'CO', '45', null),
    ('denied and pended', 1, 'denied', 'V015', 0.00, 'CO', '29', null),
    ('denied and pended', 2, 'pended', 'V025', null, null, null, null),
    ('pended as a whole', 1, 'pended', 'V025', null, null, null, null),
    ('pended as a whole', 2, 'pended', 'V025', null, null, null, null),
    ('warned', 1, 'priced', null, 81.86, 'CO', '45', null),
    ('warned', 2, 'priced', null, 81.86, 'CO', '45', null)
  $$,
  'each line has its status, its reason and the codes of a remittance; a denial goes first'
);
select is_empty(
  $$
    select line.*
    from production.claim_lines as line
    where
      line.pricing_status in ('denied', 'pended')
      and (line.step_codes is not null or line.step_amounts is not null)
  $$,
  'what is not priced has no steps'
);
select results_eq(
  $$
    select
      named.name, claim.decision, claim.allowed_amount,
      claim.pended_line_count::integer, claim.denied_line_count::integer
    from production.claims as claim
    inner join fixture.claims as named on claim.claim_id = named.claim_id
    order by claim.claim_id
  $$,
  $$ values
    ('denied', 'approved', 81.86, 0, 1),
    ('denied twice', 'approved', 81.86, 0, 1),
    ('contractor''s price', 'review', 81.86, 1, 0),
    ('not covered', 'approved', 81.86, 0, 0),
    ('pended', 'review', 81.86, 1, 0),
    ('denied and pended', 'review', 0.00, 1, 1),
    ('pended as a whole', 'review', 0.00, 2, 0),
    ('warned', 'approved', 163.72, 0, 0)
  $$,
  'a claim with a line that waits is for review, and others are approved'
);
select results_eq(
  $$
    select pended.reason_code, pended.title, pended.lines, pended.claims
    from pipeline.pended_reasons as pended
    order by pended.reason_code collate "C"
  $$,
  $$ values
    ('V025', 'the place of service code is not valid', 4::bigint, 3::bigint),
    ('contractor_priced', 'the contractor sets the price', 1, 1)
  $$,
  'both kinds of reason are reported'
);

select finish();
rollback;
