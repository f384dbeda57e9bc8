-- A validated batch goes to production whole: claims, lines, state and counts.
begin;
\ir ../../_support/fixture.sql
select plan(11);

call fixture.add_batch('two claims', p_state => 'validated');
call fixture.add_claim(
  'a visit', p_batch => 'two claims', p_rendering_taxonomy => '208D00000X',
  p_modifiers => '{25,GT}', p_minutes => 20, p_service_date_to => '2025-07-01'
);
-- 0.22 × 1.000 + 0.77 × 0.869 + 0.02 × 0.575 = 0.90063; × 32.3465 × 2 = 58.26445…
call fixture.add_line('a visit', p_hcpcs => '71046', p_units => 2, p_charge => 90);
call fixture.add_claim(
  'charged low', p_batch => 'two claims', p_charge => 50, p_service_zip => null,
  p_carrier => '10112', p_locality => '00'
);
update staging.claims as claim
set
  patient_middle_name = 'middle name', patient_address_line = 'address line',
  patient_city = 'city', patient_state = 'state', patient_zip = 'zip',
  patient_phone = 'phone'
where claim.claim_id = fixture.claim_id('a visit');
call fixture.add_batch('empty', p_state => 'validated');

select results_eq(
  $$
    select
      named.name, moved.claims_moved, moved.lines_moved, moved.claims_pended,
      moved.claims_failed, moved.allowed_total
    from transfer.move_batches(
      array[fixture.batch_id('empty'), fixture.batch_id('two claims')]
    ) as moved
    inner join fixture.batches as named on moved.batch_id = named.batch_id
  $$,
  $$ values ('two claims', 2, 3, 0, 0, 190.12), ('empty', 0, 0, 0, 0, 0.00) $$,
  'it answers with a row for each batch, in order of their ids'
);
select results_eq(
  $$
    select
      batch.idempotency_key, batch.state, batch.transferred_at = now(),
      batch.claims_moved, batch.lines_moved, batch.claims_pended, batch.claims_failed, batch.allowed_total,
      batch.transfer_seconds > 0
    from queue.batches as batch
    where batch.idempotency_key in ('two claims', 'empty')
    order by batch.batch_id
  $$,
  $$ values
    ('two claims', 'transferred', true, 2, 3, 0, 0, 190.12, true),
    ('empty', 'transferred', true, 0, 0, 0, 0, 0.00, true)
  $$,
  'the batch says the same'
);

-- Whatever staging and production both have is the same in both.
create function pg_temp.common(p_row jsonb, p_other regclass)
returns jsonb
language sql
as $$
  select jsonb_object_agg(field.key, field.value)
  from jsonb_each(p_row) as field
  where exists (
    select from pg_catalog.pg_attribute as attribute
    where attribute.attrelid = p_other and attribute.attname = field.key
  )
$$;
select results_eq(
  $$
    select pg_temp.common(to_jsonb(claim), 'staging.claims')
    from production.claims as claim
    order by claim.claim_id
  $$,
  $$
    select pg_temp.common(to_jsonb(claim), 'production.claims')
    from staging.claims as claim
    where claim.batch_id = fixture.batch_id('two claims')
    order by claim.claim_id
  $$,
  'the claims are as they were sent, ciphertext and all'
);
select results_eq(
  $$
    select pg_temp.common(to_jsonb(line), 'staging.claim_lines')
    from production.claim_lines as line
    order by line.claim_id, line.line_number
  $$,
  $$
    select pg_temp.common(to_jsonb(line), 'production.claim_lines')
    from staging.claim_lines as line
    where line.batch_id = fixture.batch_id('two claims')
    order by line.claim_id, line.line_number
  $$,
  'the lines are as they were sent'
);
select is(
  (
    select array_agg(attribute.attname order by attribute.attname)
    from pg_catalog.pg_attribute as attribute
    where
      attribute.attrelid = 'staging.claims'::regclass
      and attribute.attnum > 0
      and not exists (
        select from pg_catalog.pg_attribute as other
        where
          other.attrelid = 'production.claims'::regclass
          and other.attname = attribute.attname
      )
  ),
  array['intake_findings', 'malformed_values', 'received_on']::name[],
  'nothing of a claim is left behind but what is of the day it came or of its faults'
);

select results_eq(
  $$
    select
      named.name, claim.service_month, claim.decision, claim.allowed_amount,
      claim.pended_line_count, claim.denied_line_count, claim.transferred_at = now()
    from production.claims as claim
    inner join fixture.claims as named on claim.claim_id = named.claim_id
    order by claim.claim_id
  $$,
  $$ values
    ('a visit', date '2025-07-01', 'approved', 140.12, 0::smallint, 0::smallint, true),
    ('charged low', '2025-07-01', 'approved', 50.00, 0::smallint, 0::smallint, true)
  $$,
  'a claim is approved with the sum of its lines'
);
select results_eq(
  $$
    select
      named.name, line.line_number, line.pricing_status, line.reason_code,
      line.allowed_amount, line.step_codes, line.step_factors, line.step_amounts
    from production.claim_lines as line
    inner join fixture.claims as named on line.claim_id = named.claim_id
    order by line.claim_id, line.line_number
  $$,
  $$ values
    ('a visit', 1::smallint, 'priced', null, 81.86, '{fee_schedule}'::text[],
      '{32.3465}'::numeric[], '{81.857670225}'::numeric[]),
    ('a visit', 2::smallint, 'priced', null, 58.26, '{fee_schedule,units}',
      '{32.3465,2}', '{29.132228295,58.26445659}'),
    ('charged low', 1::smallint, 'priced', null, 50.00, '{fee_schedule,charge}',
      '{32.3465,null}', '{81.857670225,50}')
  $$,
  'each line keeps how its amount came about'
);
select is_empty(
  $$
    select line.*
    from production.claim_lines as line
    where
      (line.rvu_release_id, line.gpci_release_id)
      is distinct from (fixture.release_id('rvu'), fixture.release_id('gpci'))
  $$,
  'and by which releases'
);
select results_eq(
  $$
    select line.charge, line.allowed_amount, line.group_code, line.carc, line.rarc
    from production.claim_lines as line
    order by line.claim_id, line.line_number
  $$,
  $$ values
    (120.00, 81.86, 'CO', '45', null),
    (90.00, 58.26, 'CO', '45', null),
    (50.00, 50.00, null, null, null)
  $$,
  'a charge above the schedule is adjusted by CO-45'
);

select bag_eq(
  $$
    select
      registry.submitter_id, registry.claim_number_token, registry.frequency_code,
      registry.claim_id, registry.service_month
    from queue.claim_registry as registry
  $$,
  $$
    select
      claim.submitter_id, claim.claim_number_token, claim.frequency_code,
      claim.claim_id, claim.service_month
    from production.claims as claim
  $$,
  'the registry holds the key of each claim'
);
select is(
  (select count(*) from staging.claims), 2::bigint,
  'staging keeps its rows until the day goes'
);

select finish();
rollback;
