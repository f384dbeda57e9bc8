create view production.review_steps with (security_barrier) as
select
  line.claim_id,
  line.service_month,
  line.line_number,
  line.submitter_id,
  taken.step_number::integer as step_number,
  taken.step_code,
  step.title as step,
  taken.factor,
  taken.amount
from production.review_queue as queue
inner join production.claim_lines as line
  on queue.claim_id = line.claim_id and queue.service_month = line.service_month
cross join
  lateral unnest(line.step_codes, line.step_factors, line.step_amounts)
  with ordinality as taken (step_code, factor, amount, step_number)
left join catalogue.pricing_steps as step on taken.step_code = step.step_code;

comment on view production.review_steps
is 'How the amounts came about of the priced lines of claims in production.review_queue, a step a row. Never PHI.';
comment on column production.review_steps.step_number is 'place among the steps of the line, from 1';
comment on column production.review_steps.step_code is 'the step';
comment on column production.review_steps.step is 'the step in words';
comment on column production.review_steps.factor
is 'what it multiplied by; null where a step has no factor';
comment on column production.review_steps.amount is 'amount after the step, dollars';
call maintenance._take_comments('production.review_steps', '{production.claim_lines}');
