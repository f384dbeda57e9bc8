-- Each role at its work, and stopped where its work ends. What a catalogue says that
-- it may do is in the files beside this one; here it is tried.
begin;
\ir ../../_support/fixture.sql
select plan(31);

call fixture.add_batch('validated', p_state => 'validated');
call fixture.add_claim('validated', p_batch => 'validated');
call fixture.add_claim('received');

create function pg_temp.may(p_role name, p_statement text, p_description text)
returns text
language plpgsql
as $$
begin
  return lives_ok(
    format('set local role %I; %s; reset role', p_role, p_statement),
    p_role || ' may ' || p_description
  );
end;
$$;

create function pg_temp.may_not(p_role name, p_statement text, p_description text)
returns text
language plpgsql
as $$
begin
  return throws_ok(
    format('set local role %I; %s; reset role', p_role, p_statement),
    '42501', null, p_role || ' may not ' || p_description
  );
end;
$$;

select pg_temp.may(
  'claims_app', 'do $$ begin perform pipeline.reserve_batch_id(); end $$',
  'reserve a batch id'
);
select pg_temp.may(
  'claims_app', 'do $$ begin perform pipeline.reserve_claim_ids(1); end $$',
  'reserve claim ids'
);
select pg_temp.may(
  'claims_app',
  'do $$ begin perform keys.add_first_data_key(''token'', '''', '''', ''''); end $$',
  'keep the first wrapped key'
);
select pg_temp.may_not(
  'claims_app',
  'insert into vault.data_keys (purpose, wrapped_key, wrapping_key_check) values (''token'', '''', '''')',
  'keep a wrapped key without an audit event'
);
select pg_temp.may_not(
  'claims_app', 'do $$ begin perform keys.rotate_data_key(1, '''', '''', ''''); end $$',
  'rotate a key'
);
select pg_temp.may_not(
  'claims_app', 'do $$ begin perform keys.unlink_months(0); end $$', 'erase anything'
);
select pg_temp.may_not(
  'claims_operator', 'update vault.data_keys set retired_at = now()',
  'change a key but by a routine that records it'
);
select pg_temp.may_not(
  'claims_app', 'update vault.data_keys set retired_at = now()', 'change a wrapped key'
);
select pg_temp.may_not(
  'claims_app', 'select from staging.claims', 'read back what it copied'
);
select pg_temp.may_not(
  'claims_app', 'delete from staging.failed_claims', 'delete a failed claim'
);
select pg_temp.may_not(
  'claims_app', 'insert into queue.batches select * from queue.batches',
  'make a batch but by open_batch'
);
select pg_temp.may_not(
  'claims_app', 'do $$ begin perform validation.validate_batches(''{1}''); end $$',
  'validate'
);
select pg_temp.may_not(
  'claims_app', 'select from production.claims', 'read production'
);

select pg_temp.may(
  'claims_worker', 'call maintenance.ensure_partitions()', 'make partitions'
);
select pg_temp.may(
  'claims_worker',
  'do $$ begin perform validation.validate_batches(pipeline._take_batches(''validation'', 10)); end $$',
  'take and validate batches'
);
select pg_temp.may(
  'claims_worker',
  'do $$ begin perform transfer.move_batches(pipeline._take_batches(''transfer'', 10)); end $$',
  'take and move batches'
);
select is(
  (select count(*) from production.claims), 2::bigint, '... which moved the claims'
);
select pg_temp.may_not(
  'claims_worker', 'update queue.batches set state = ''received''',
  'set the state of a batch'
);
select pg_temp.may_not(
  'claims_worker',
  'do $$ begin perform pipeline.open_batch(1, ''default'', '''', 1, 1, 1, 1, 1, 1); end $$',
  'make a batch'
);
select pg_temp.may_not(
  'claims_worker', 'call maintenance.drop_finished_days()', 'drop a day'
);
select pg_temp.may_not(
  'claims_worker',
  'do $$ begin perform validation.fail_claims(''{1}'', ''{}'', ''{1}'', ''transfer''); end $$',
  'fail claims but by a stage'
);

select pg_temp.may(
  'claims_operator', 'call maintenance.drop_finished_days()', 'drop a day'
);
select pg_temp.may(
  'claims_operator', 'call maintenance.add_submitter(''clinic'')', 'add a submitter'
);
select pg_temp.may(
  'claims_operator', 'update queue.settings set staging_days_ahead = 3',
  'change a setting'
);
select pg_temp.may_not(
  'claims_operator', 'insert into queue.submitters (name) values (''other'')',
  'add a submitter without an audit event'
);
select pg_temp.may_not(
  'claims_operator', 'update production.claims set decision = ''approved''',
  'change a claim in production'
);
select pg_temp.may_not(
  'claims_operator', 'delete from reference.releases', 'delete a release'
);
select pg_temp.may_not(
  'claims_operator', 'update reference.periods_in_force set valid_to = ''infinity''',
  'edit what is in force'
);

select pg_temp.may(
  'claims_analyst',
  'do $$ begin perform from reference.releases; perform from pipeline.pended_reasons; end $$',
  'read reference data and reports'
);
select pg_temp.may_not(
  'claims_analyst', 'select from staging.claim_lines', 'read staging'
);
select pg_temp.may_not(
  'claims_analyst', 'do $$ begin perform pricing.price_lines(null); end $$',
  'price lines'
);

select finish();
rollback;
