-- A search and its trace are one: there is no searching without it.
begin;
\ir ../_support/fixture.sql
select plan(4);

call fixture.add_claim('moved');
call fixture.add_claim('rejected', p_units => 0);
call fixture.process('batch');

grant usage on schema fixture to claims_operator;
grant select on fixture.claims to claims_operator;
set local role claims_operator;
select results_eq(
  $$
    select named.name, found.state
    from keys.search_claims('member', 'member token') as found
    inner join fixture.claims as named on found.claim_id = named.claim_id
    order by found.claim_id
  $$,
  $$ values ('moved', 'transferred'), ('rejected', 'failed') $$,
  'an operator finds the claims of a member'
);
select throws_ok(
  $$ select * from keys.find_claims('member', 'member token') $$, '42501', null,
  'and not by the function that leaves no trace'
);
select throws_ok(
  $$
    select auditing.record_event('claims.searched', null, null, null, null, '{}')
  $$,
  '42501', null, 'and makes no event up'
);
reset role;
select results_eq(
  $$
    select event.first_claim_id, event.last_claim_id, event.detail
    from audit.events as event
    where event.action = 'claims.searched'
  $$,
  $$
    select
      fixture.claim_id('moved'), fixture.claim_id('rejected'),
      '{"by": "member", "claims": 2}'::jsonb
  $$,
  'the event holds neither the token nor what it was made of'
);

select finish();
rollback;
