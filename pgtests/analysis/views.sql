-- Analysts read whole views; no column of ciphertext is in one.
begin;
\ir ../_support/fixture.sql
\ir ../_support/catalogue.sql
select plan(4);

call fixture.add_claim('moved');
call fixture.process('batch');

select set_eq(
  $$
    select relation.name, attribute.attname::text
    from our_relations as relation
    inner join pg_catalog.pg_attribute as attribute on relation.oid = attribute.attrelid
    where
      relation.name ~ '^analysis\.'
      and attribute.atttypid in ('bytea'::regtype, 'json'::regtype, 'jsonb'::regtype)
  $$,
  $$ values ('analysis.claims', 'member_token'), ('analysis.claims', 'patient_token') $$,
  'the only bytes in the views are two keyed hashes'
);

set local role claims_analyst;
create temporary table read on commit drop as
select
  (select count(*) from analysis.claims as claim where claim.submitter = 'default') as claims,
  (
    select count(*) from analysis.claim_lines as line where line.rvu_release is not null
  ) as lines,
  (select count(*) from analysis.claim_findings) as findings;
reset role;
select row_eq(
  'select * from read', row(1::bigint, 1::bigint, 0::bigint),
  'an analyst reads claims, lines and findings'
);
select throws_ok(
  'set local role claims_analyst; select claim.* from production.claims as claim',
  '42501', null,
  'and is refused the whole row of the table'
);
select throws_ok(
  'set local role claims_analyst; select event.action from audit.events as event',
  '42501', null,
  'and the audit trail'
);

select finish();
rollback;
