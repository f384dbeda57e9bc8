-- An analyst sees why claims came back, in numbers, for the submitters that the login
-- reads.
begin;
\ir ../_support/fixture.sql
select plan(3);

call maintenance.add_submitter('other');
call fixture.add_batch('june', '2025-06-30 23:30 UTC');
call fixture.add_claim('sex', p_batch => 'june', p_patient_sex => 'X');
call fixture.add_claim(
  'sex and NPI', p_batch => 'june', p_patient_sex => 'X', p_billing_npi => '1234567890'
);
call fixture.add_batch('july', '2025-07-01 00:30 UTC');
call fixture.add_undecoded('not decoded', p_batch => 'july');
call fixture.add_batch('of others', '2025-07-01 00:30 UTC', p_submitter => 'other');
call fixture.add_claim('of others', p_batch => 'of others', p_patient_sex => 'X');
do $$
begin
  perform validation.validate_batches(
    array(select batch.batch_id from queue.batches as batch)
  );
end
$$;
update staging.failed_claims
set resolution = 'superseded', resolved_at = now(), replaced_by_claim_id = claim_id + 1
where claim_id = fixture.claim_id('sex');

create function pg_temp.rejections()
returns table (
  submitter text, received_month date, rule_code text, claims bigint, open bigint,
  superseded bigint
)
language plpgsql
as $$
begin
  return query
  select rejected.submitter, rejected.received_month, rejected.rule_code,
    rejected.claims, rejected.open_claims, rejected.superseded_claims
  from analysis.rejections as rejected
  order by rejected.submitter, rejected.received_month, rejected.rule_code collate "C";
end;
$$;
select results_eq(
  'select * from pg_temp.rejections()',
  $$ values
    ('default', date '2025-06-01', 'V006', 2::bigint, 1::bigint, 1::bigint),
    ('default', '2025-06-01', 'V010', 1, 1, 0),
    ('default', '2025-07-01', 'D000', 1, 1, 0),
    ('other', '2025-07-01', 'V006', 1, 1, 0)
  $$,
  'each rule has its claims by submitter and month, and what became of them'
);

create role analyst_of_other login in role claims_analyst;
call maintenance.restrict_login('analyst_of_other', array['other']);
set session authorization analyst_of_other;
create temporary table seen on commit drop as
select rejected.submitter, rejected.rule, rejected.claims
from analysis.rejections as rejected;
reset session authorization;
select is(
  (select array_agg(seen.submitter) from seen), '{other}',
  'a restricted login sees its own'
);
select isnt((select max(seen.rule) from seen), null, 'with the rule in words');

select finish();
rollback;
