-- Two claims with one business key, each validated before the other was moved: the
-- registry decides, and the loser becomes a failed claim with the duplicate finding.
begin;
\ir ../../_support/fixture.sql
select plan(9);

-- Moved by another call in the meantime.
call fixture.add_batch('first', p_state => 'validated');
call fixture.add_claim('first', p_batch => 'first', p_claim_number => 'A');
call fixture.add_batch('second', p_state => 'validated');
call fixture.add_claim('the same', p_batch => 'second', p_claim_number => 'A');
call fixture.add_finding('the same', 'V026');
call fixture.add_claim('another', p_batch => 'second', p_claim_number => 'B');
call fixture.add_claim(
  'its replacement', p_batch => 'second', p_claim_number => 'A', p_frequency_code => '7'
);
call maintenance.add_submitter('other');
call fixture.add_batch('of others', p_state => 'validated', p_submitter => 'other');
call fixture.add_claim('another''s', p_batch => 'of others', p_claim_number => 'A');
select results_eq(
  $$
    select moved.claims_moved, moved.claims_failed
    from transfer.move_batches(array[fixture.batch_id('first')]) as moved
  $$,
  $$ values (1, 0) $$,
  'the first is moved'
);
select results_eq(
  $$
    select moved.claims_moved, moved.lines_moved, moved.claims_failed
    from transfer.move_batches(
      array[fixture.batch_id('second'), fixture.batch_id('of others')]
    ) as moved
  $$,
  $$ values (2, 2, 1), (1, 1, 0) $$,
  'the second fails, the others of its batch go on'
);
select set_eq(
  $$
    select named.name
    from production.claims as claim
    inner join fixture.claims as named on claim.claim_id = named.claim_id
  $$,
  array['first', 'another', 'its replacement', 'another''s'],
  'another number, frequency code or submitter is another claim'
);
select results_eq(
  $$
    select
      failed.stage, failed.resolution, failed.rule_codes, failed.reasons,
      failed.encrypted_batch_id = fixture.batch_id('second'),
      failed.claim_number_token = sha256('A'), failed.original is null
    from staging.failed_claims as failed
    where failed.claim_id = fixture.claim_id('the same')
  $$,
  $$ values (
    'transfer',
    'open',
    '{V040}'::text[],
    jsonb_build_array(
      jsonb_build_object(
        'rule', 'V026', 'line', 0, 'field', 'date_of_service', 'value', null
      ),
      jsonb_build_object(
        'rule', 'V040', 'line', 0, 'field', 'claim_number', 'value',
        'claim ' || fixture.claim_id('first')
      )
    ),
    true,
    true,
    true
  ) $$,
  'the failed claim says which claim holds the key, and keeps its other findings'
);
select results_eq(
  $$
    select
      (failed.staged_claim ->> 'claim_id')::bigint = failed.claim_id,
      failed.staged_claim ->> 'member_id',
      jsonb_array_length(failed.staged_lines),
      failed.staged_lines -> 0 ->> 'hcpcs'
    from staging.failed_claims as failed
    where failed.claim_id = fixture.claim_id('the same')
  $$,
  $$ values (true, '\x6d656d626572206964', 1, '99213') $$,
  'and takes its staging rows along'
);

-- In two batches of one call.
call fixture.add_batch('third', p_state => 'validated');
call fixture.add_batch('fourth', p_state => 'validated');
call fixture.add_claim('twice, later', p_batch => 'fourth', p_claim_number => 'C');
call fixture.add_claim('twice, earlier', p_batch => 'third', p_claim_number => 'C');
call fixture.add_claim(
  'twice in its batch', p_batch => 'fourth', p_claim_number => 'C'
);
select results_eq(
  $$
    select moved.claims_moved, moved.claims_failed
    from transfer.move_batches(
      array[fixture.batch_id('fourth'), fixture.batch_id('third')]
    ) as moved
  $$,
  $$ values (1, 0), (0, 2) $$,
  'of several in one call one is moved'
);
select is(
  (
    select registry.claim_id
    from queue.claim_registry as registry
    where registry.claim_number_token = sha256('C')
  ),
  fixture.claim_id('twice, earlier'),
  'the one with the lowest id'
);
select results_eq(
  $$
    select finding.claim, finding.rule_code, finding.disposition, finding.value
    from fixture.staged_findings as finding
    where finding.rule_code = 'V040' and finding.claim like 'twice%'
    order by finding.claim
  $$,
  $$
    select
      lost.name, 'V040', 'reject_claim', 'claim ' || fixture.claim_id('twice, earlier')
    from (values ('twice in its batch'), ('twice, later')) as lost (name)
  $$,
  'and the others are found to be its duplicates'
);
select results_eq(
  $$
    select accounting.loaded, accounting.failed, accounting.difference
    from pipeline.accounting
  $$,
  $$ values (8::bigint, 3::bigint, 0::bigint) $$,
  'all are accounted for'
);

select finish();
rollback;
