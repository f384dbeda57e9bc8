-- For people who write SQL: what production says, with reasons in words and without
-- any encrypted column, so that `select *` works. Owned as all views are, so that they
-- do not go by the policies on the tables, but say the same themselves.
create view analysis.claims with (security_barrier) as
select
  claim.claim_id,
  claim.service_month,
  claim.batch_id,
  claim.submitter_id,
  submitter.name as submitter,
  claim.received_at,
  claim.transferred_at,
  claim.member_token,
  claim.patient_token,
  claim.patient_age,
  claim.patient_sex,
  claim.frequency_code,
  claim.payer_id,
  claim.billing_npi,
  claim.billing_taxonomy,
  claim.rendering_npi,
  claim.rendering_taxonomy,
  claim.service_zip,
  claim.carrier,
  claim.locality,
  claim.diagnoses,
  claim.first_service_date,
  claim.line_count,
  claim.decision,
  claim.total_charge,
  claim.allowed_amount,
  claim.pended_line_count,
  claim.denied_line_count
from production.claims as claim
inner join queue.submitters as submitter on claim.submitter_id = submitter.submitter_id
where claim.submitter_id = any((select analysis.seen_submitters())::integer []);

comment on view analysis.claims
is 'Adjudicated claims without PHI ciphertext; member_token and patient_token tell people apart without saying who they are. Filter on service_month: it is the partition.';
comment on column analysis.claims.submitter is 'name of the submitter';
call maintenance._take_comments('analysis.claims', '{production.claims}');
