-- The claims of the submitter of the session, and a trace of each search.
begin;
\ir ../_support/fixture.sql
select plan(6);

call fixture.add_claim('mine');
call fixture.process('batch');

create function pg_temp.found(p_kind text)
returns setof bigint
language sql
as $$
  select found.claim_id
  from access.find_claims(p_kind, 'member token', 0, 10, '{"route": "here"}') as found
$$;

select is_empty(
  $$ select pg_temp.found('member') $$, 'nothing set, nothing found'
);
do $$
begin
  perform set_config('claims.submitter_id', submitter.submitter_id::text, true)
  from queue.submitters as submitter;
end;
$$;
select results_eq(
  $$ select pg_temp.found('member') $$, $$ values (fixture.claim_id('mine')) $$,
  'the submitter''s own claim is found'
);
select results_eq(
  $$
    select event.submitter_id, event.first_claim_id, event.last_claim_id, event.detail
    from audit.events as event
    where event.action = 'claims.searched'
  $$,
  $$
    select
      current_setting('claims.submitter_id')::integer, fixture.claim_id('mine'),
      fixture.claim_id('mine'), '{"by": "member", "claims": 1, "route": "here"}'::jsonb
  $$,
  'the search is recorded, without the token'
);
select throws_ok(
  $$ select pg_temp.found('name') $$, 'KY005', 'there are no tokens of kind ''name''',
  'of a kind that there is not'
);
do $$
begin
  perform set_config('claims.submitter_id', '2000', true);
end;
$$;
select is_empty(
  $$ select pg_temp.found('member') $$, 'another submitter finds nothing'
);
select results_eq(
  $$
    select event.first_claim_id, event.detail
    from audit.events as event
    where event.action = 'claims.searched'
    order by event.event_id desc
    limit 1
  $$,
  $$ values (null::bigint, '{"by": "member", "claims": 0, "route": "here"}'::jsonb) $$,
  'a search that finds nothing is recorded, too'
);

select finish();
rollback;
