-- Which claims a release priced, when it turns out to have been a mistake.
begin;
\ir ../_support/fixture.sql
select plan(3);

call fixture.add_claim('moved');
call fixture.process('batch');

create temporary table used on commit drop as
select distinct line.rvu_release_id, line.gpci_release_id
from production.claim_lines as line;

select results_eq(
  $$
    select priced.claim_id, priced.service_month, priced.lines, priced.allowed_amount
    from used
    cross join lateral maintenance.claims_priced_by(used.rvu_release_id) as priced
  $$,
  $$
    select claim.claim_id, claim.service_month, claim.line_count::bigint, claim.allowed_amount
    from production.claims as claim
  $$,
  'by its relative values'
);
select is(
  (
    select count(*)
    from used
    cross join lateral maintenance.claims_priced_by(used.gpci_release_id)
  ),
  1::bigint, 'or by its indices'
);
select is_empty('select * from maintenance.claims_priced_by(0)', 'and none by no release');

select finish();
rollback;
