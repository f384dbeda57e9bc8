-- Encrypted is not public: who has no work with ciphertext cannot even read that.
begin;
\ir ../../_support/fixture.sql
\ir ../../_support/catalogue.sql
select plan(7);

-- Ciphertext is bytea, and stands in failed_claims as JSON; but not all bytea is
-- ciphertext: nothing can be decrypted of the keyed hashes of member and patient, and
-- a model is a network's weights.
create temporary view phi as
select
  relation.oid as relation_id,
  relation.name as relation,
  attribute.attname as attribute,
  attribute.attnum as position
from our_relations as relation
inner join pg_catalog.pg_attribute as attribute on relation.oid = attribute.attrelid
where
  relation.kind in ('r', 'p', 'v')
  and attribute.attnum > 0
  and (
    attribute.atttypid = 'bytea'::regtype
    and attribute.attname not in (
      'member_token', 'patient_token', 'file_sha256', 'wrapping_key_check',
      'model_file', 'key_check'
    )
    or attribute.attname in ('staged_claim', 'staged_lines')
  );

select cmp_ok(
  (select count(*) from phi where phi.relation ~ '^(staging|production)\.'),
  '>', 20::bigint,
  'the columns that hold ciphertext are found'
);

select is_empty(
  $$
    select phi.relation, phi.attribute, role.name
    from phi
    cross join (values ('claims_analyst'), ('claims_worker')) as role (name)
    where has_column_privilege(role.name, phi.relation_id, phi.position, 'select')
  $$,
  'neither analysts nor the worker may read a column of ciphertext'
);

select set_eq(
  $$
    select phi.relation, phi.attribute
    from phi
    where
      has_column_privilege('claims_app', phi.relation_id, phi.position, 'select')
      and phi.relation !~ '^access\.'
  $$,
  $$ values ('vault.data_keys', 'wrapped_key') $$,
  'the app reads the wrapped keys, and ciphertext in the views of one submitter alone'
);

call fixture.add_claim('moved');
call fixture.process('batch');
select is(
  (select count(*) from production.claims), 1::bigint, 'a claim is in production'
);

grant usage on schema fixture to claims_analyst, claims_worker;
select throws_ok(
  'set local role claims_analyst; select claim.patient_last_name from production.claims as claim',
  '42501',
  'permission denied for table claims',
  'an analyst is refused a name'
);
select throws_ok(
  'set local role claims_worker; select claim.claim_id from production.claims as claim',
  '42501',
  'permission denied for schema production',
  'the worker is refused production'
);
select lives_ok(
  $$
    set local role claims_analyst;
    do $do$
    begin
      if (
        select count(*)
        from production.claims as claim
        inner join production.claim_lines as line on claim.claim_id = line.claim_id
        where claim.patient_age = 67 and claim.decision = 'approved'
      ) <> 1 then
        raise exception 'the claim is not seen';
      end if;
    end
    $do$;
    reset role
  $$,
  'an analyst reads the rest of a claim'
);

select finish();
rollback;
