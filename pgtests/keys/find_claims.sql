-- Found wherever they stand, by an index, and those of one submitter alone.
begin;
\ir ../_support/fixture.sql
select plan(9);

call fixture.add_claim('moved');
call fixture.add_claim('rejected', p_units => 0);
call fixture.process('batch');
call fixture.add_batch('second');
call fixture.add_claim('waiting', 'second');
call fixture.add_undecoded('undecoded', 'second');

create function pg_temp.found(p_kind text, p_token bytea, p_submitter_id integer = null)
returns table (claim text, state text)
language sql
as $$
  select named.name, found.state
  from keys.find_claims(p_kind, p_token, p_submitter_id) as found
  inner join fixture.claims as named on found.claim_id = named.claim_id
$$;

select bag_eq(
  $$ select * from pg_temp.found('member', 'member token') $$,
  $$ values ('moved', 'transferred'), ('rejected', 'failed'), ('waiting', 'received') $$,
  'by member, in every state'
);
select bag_eq(
  $$ select * from pg_temp.found('patient', 'patient token') $$,
  $$ values ('moved', 'transferred'), ('rejected', 'failed'), ('waiting', 'received') $$,
  'by patient, in every state'
);
select bag_eq(
  $$
    select found.*
    from (values ('moved'), ('rejected'), ('waiting')) as claim (name)
    cross join lateral
      pg_temp.found('claim_number', sha256(convert_to(claim.name, 'UTF8'))) as found
  $$,
  $$ values ('moved', 'transferred'), ('rejected', 'failed'), ('waiting', 'received') $$,
  'by claim number, in every state'
);
select is_empty(
  $$ select * from pg_temp.found('member', 'patient token') $$,
  'the token of another kind finds nothing'
);
select is_empty(
  $$
    select found.*
    from queue.submitters as submitter
    cross join
      lateral pg_temp.found('member', 'member token', submitter.submitter_id + 1) as found
  $$,
  'another submitter finds nothing'
);
select results_eq(
  $$
    select named.name
    from keys.find_claims(
      'member', 'member token', null, fixture.claim_id('moved'), 1
    ) as found
    inner join fixture.claims as named on found.claim_id = named.claim_id
  $$,
  $$ values ('rejected') $$,
  'page by page, in the order of their ids'
);
select throws_ok(
  $$ select * from keys.find_claims('name', 'token') $$, 'KY005',
  'there are no tokens of kind ''name''', 'of a kind that there is not'
);

-- What the plan of the branch over production comes to once the kind is known.
create function pg_temp.plan_of(p_query text)
returns setof text
language plpgsql
as $$
begin
  return query execute 'explain (costs off) ' || p_query;
end;
$$;
set local enable_seqscan = off;
prepare by_token (text, bytea) as
select claim.claim_id
from production.claims as claim
where
  $2 = case $1
    when 'member' then claim.member_token
    when 'patient' then claim.patient_token
  end;
set local plan_cache_mode = 'force_custom_plan';
select isnt_empty(
  $$
    select step
    from pg_temp.plan_of('execute by_token (''member'', ''token'')') as step
    where step ~ 'Index Cond: \(member_token ='
  $$,
  'the kind of token leads to the index on it'
);
select is_empty(
  $$
    select step
    from pg_temp.plan_of(
      'select from staging.failed_claims as failed where failed.staged_claim ->> ''member_token'' = ''\x00'''
    ) as step
    where step ~ 'Seq Scan'
  $$,
  'failed claims have an index on the tokens of their staging rows'
);

select finish();
rollback;
