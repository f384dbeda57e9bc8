-- An erasure takes away what links claims, from the claims of the key that was
-- destroyed alone, wherever they stand; amounts stay.
begin;
\ir ../_support/fixture.sql
select plan(7);

call fixture.add_claim('moved');
call fixture.add_claim('rejected', p_units => 0);
call fixture.add_claim('came back');
update staging.claims as claim
set erasure_id = (300::bigint << 48) | 7
where claim.claim_id <> fixture.claim_id('came back');
update staging.claims as claim
set erasure_id = (301::bigint << 48) | 8
where claim.claim_id = fixture.claim_id('came back');
call fixture.process('batch');
call fixture.add_batch('second');
call fixture.add_claim('waiting', 'second');
update staging.claims as claim
set erasure_id = (300::bigint << 48) | 7
where claim.claim_id = fixture.claim_id('waiting');

create temporary view linked as
select named.name, stored.place
from (
  select 'production' as place, claim.claim_id, claim.erasure_id, claim.patient_token,
    claim.member_token
  from production.claims as claim
  union all
  select 'staging', claim.claim_id, claim.erasure_id, claim.patient_token,
    claim.member_token
  from staging.claims as claim
  union all
  select 'failed', staged.claim_id, staged.erasure_id, staged.patient_token,
    staged.member_token
  from staging.failed_claims as failed
  cross join
    lateral jsonb_populate_record(null::staging.claims, failed.staged_claim) as staged
) as stored
inner join fixture.claims as named on stored.claim_id = named.claim_id
where num_nonnulls(stored.erasure_id, stored.patient_token, stored.member_token) > 0;

select is((select count(*) from linked), 7::bigint, 'all rows are linked');
select is(
  keys.unlink_patient('{9}', '{patient token}', '{}', '{}'), 0::bigint,
  'the key of another patient unlinks nothing'
);
select is(
  keys.unlink_patient('{7}', '{patient token}', '{}', '{}'), 3::bigint,
  'three claims of the patient stand under the key'
);
select bag_eq(
  'select * from linked',
  $$ values ('came back', 'production'), ('came back', 'staging') $$,
  'their rows are unlinked, and the claim under a later key is not'
);
select is(
  (
    select claim.allowed_amount
    from production.claims as claim
    where claim.claim_id = fixture.claim_id('moved')
  ),
  (
    select claim.allowed_amount
    from production.claims as claim
    where claim.claim_id = fixture.claim_id('came back')
  ),
  'amounts stay'
);
select is(
  keys.unlink_months(302::bigint << 48), 1::bigint, 'one claim came in before the month'
);
select is_empty('select * from linked', 'and nothing is linked any more');

select finish();
rollback;
