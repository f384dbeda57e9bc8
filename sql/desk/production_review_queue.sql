-- Under the name by which reviewers know it. It stands on a view of a code schema, so
-- that it goes and comes with it.
create view production.review_queue with (security_barrier) as
select
  queue.claim_id,
  queue.service_month,
  queue.submitter_id,
  queue.batch_id,
  queue.received_at,
  queue.transferred_at,
  queue.billing_npi,
  queue.first_service_date,
  queue.line_count,
  queue.total_charge,
  queue.allowed_amount,
  queue.reasons,
  queue.score,
  queue.threshold,
  queue.model_version,
  queue.pended_line_count
from scoring.review_queue as queue
where queue.submitter_id = any((select analysis.seen_submitters())::integer []);

comment on view production.review_queue
is 'Claims in production that wait for a person, why (score, pended_lines), and their scores.';
call maintenance._take_comments('production.review_queue', '{scoring.review_queue}');
