begin;
\ir ../_support/fixture.sql
select plan(10);

create view failed as
select
  named.name as claim,
  failed.batch_id,
  failed.claim_id,
  failed.received_at,
  failed.stage,
  failed.resolution,
  failed.position_in_batch,
  failed.rule_codes,
  failed.reasons,
  failed.encrypted_batch_id,
  failed.claim_number_token,
  failed.original,
  failed.staged_claim,
  failed.staged_lines
from staging.failed_claims as failed
inner join fixture.claims as named on failed.claim_id = named.claim_id
order by named.name collate "C";

call fixture.add_claim(
  'several findings', p_received_at => '2025-07-10 08:00 UTC', p_patient_sex => 'X'
);
call fixture.add_line('several findings', p_units => 0);
call fixture.add_finding('several findings', 'V030', 2, '0.000');
call fixture.add_finding('several findings', 'V032', 2, '-1.00');
call fixture.add_finding('several findings', 'V032', 1, '-2.00');
call fixture.add_finding('several findings', 'V006', 0, 'X');
call fixture.add_finding('several findings', 'V004');
call fixture.add_finding('several findings', 'V015', 1, '2024-07-01');
call fixture.add_claim('one finding');
call fixture.add_finding('one finding', 'V006', 0, 'X');
call fixture.add_claim('one finding, not asked for');
call fixture.add_finding('one finding, not asked for', 'V006', 0, 'X');
call fixture.add_claim('asked for, but nothing was found');

set local bytea_output = 'escape';
select results_eq(
  $$
    select * from validation.fail_claims(
      array[fixture.batch_id()],
      array['2025-07-16']::date[],
      array[
        fixture.claim_id('several findings'),
        fixture.claim_id('one finding'),
        fixture.claim_id('asked for, but nothing was found')
      ],
      'validation'
    )
  $$,
  'select fixture.batch_id(), 2',
  'it says how many failed'
);
reset bytea_output;

select results_eq(
  $$
    select staged_claim ->> 'claim_number_token', staged_claim ->> 'claim_number'
    from failed
  $$,
  $$
    select
      '\x' || encode(claim.claim_number_token, 'hex'),
      '\x' || encode(claim.claim_number, 'hex')
    from staging.claims as claim
    inner join failed on claim.claim_id = failed.claim_id
    order by failed.claim collate "C"
  $$,
  'tokens and ciphertexts stand there as hex, whatever the session prefers'
);

select results_eq(
  'select claim from failed',
  $$ values ('one finding'), ('several findings') $$,
  'claims with findings that were asked for fail, one row for each'
);

select results_eq(
  'select rule_codes from failed',
  $$ values ('{V006}'::text[]), ('{V004,V006,V030,V032}') $$,
  'the rules that reject are named once each, sorted'
);

select is(
  (
    select failed.reasons
    from failed
    where failed.claim = 'several findings'
  ),
  '[
    {"rule": "V004", "line": 0, "field": "patient.birth_date", "value": null},
    {"rule": "V006", "line": 0, "field": "patient.sex", "value": "X"},
    {"rule": "V015", "line": 1, "field": "date_of_service", "value": "2024-07-01"},
    {"rule": "V032", "line": 1, "field": "charge", "value": "-2.00"},
    {"rule": "V030", "line": 2, "field": "units", "value": "0.000"},
    {"rule": "V032", "line": 2, "field": "charge", "value": "-1.00"}
  ]'::jsonb,
  'every finding is a reason, those that do not reject too, in order of the lines'
);

select results_eq(
  $$
    select
      batch_id, received_at, stage, resolution, position_in_batch, encrypted_batch_id,
      claim_number_token, original
    from failed
    where claim = 'several findings'
  $$,
  $$
    select
      fixture.batch_id(), '2025-07-10 08:00 UTC'::timestamptz, 'validation', 'open',
      null::integer, fixture.batch_id(), sha256('several findings'), null::bytea
  $$,
  'a failed claim keeps what it is known by, and when it was first received'
);

select results_eq(
  $$
    select (jsonb_populate_record(null::staging.claims, staged_claim)).*
    from failed
    order by claim_id
  $$,
  $$
    select claim.*
    from staging.claims as claim
    inner join failed on claim.claim_id = failed.claim_id
    order by claim.claim_id
  $$,
  'the staging row can be had back as it was, PHI still encrypted'
);

select results_eq(
  $$
    select line.*
    from failed
    cross join
      lateral jsonb_populate_recordset(null::staging.claim_lines, failed.staged_lines)
        as line
    order by line.claim_id, line.line_number
  $$,
  $$
    select line.*
    from staging.claim_lines as line
    inner join failed on line.claim_id = failed.claim_id
    order by line.claim_id, line.line_number
  $$,
  'and so can those of its lines'
);

select is_empty(
  $$
    select * from validation.fail_claims(
      array[fixture.batch_id()], array['2025-07-16']::date[], null, 'validation'
    )
  $$,
  'nobody asked for, nobody fails'
);

select throws_ok(
  $$
    select * from validation.fail_claims(
      array[fixture.batch_id()],
      array['2025-07-16']::date[],
      array[fixture.claim_id('one finding')],
      'validation'
    )
  $$,
  'VL001', null,
  'VL001: a claim that is failed and not on its way again does not fail twice'
);

select finish();
rollback;
