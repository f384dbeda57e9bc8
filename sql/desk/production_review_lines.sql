-- What a reviewer judges: the lines of the claims in the queue, and of no others.
create view production.review_lines with (security_barrier) as
select
  line.claim_id,
  line.service_month,
  line.line_number,
  line.submitter_id,
  line.service_date,
  line.service_date_to,
  line.hcpcs,
  line.modifiers,
  line.place_of_service,
  line.units,
  line.minutes,
  line.charge,
  array(
    select claim.diagnoses[pointed.position]
    from unnest(line.diagnosis_pointers) with ordinality as pointed (position, place)
    order by pointed.place
  ) as diagnoses,
  line.pricing_status,
  line.allowed_amount,
  line.reason_code,
  coalesce(reason.title, rule.title) as reason,
  coalesce(reason.hint, rule.hint) as hint,
  line.group_code,
  line.carc,
  line.rarc
from production.review_queue as queue
inner join production.claims as claim
  on queue.claim_id = claim.claim_id and queue.service_month = claim.service_month
inner join production.claim_lines as line
  on queue.claim_id = line.claim_id and queue.service_month = line.service_month
left join catalogue.pricing_reasons as reason on line.reason_code = reason.reason_code
left join reference.rules as rule on line.reason_code = rule.rule_code;

comment on view production.review_lines
is 'Lines of the claims in production.review_queue, with their diagnoses, and why there is no amount or zero in words. Never PHI.';
comment on column production.review_lines.diagnoses
is 'ICD-10-CM codes that the line points to, in its order';
comment on column production.review_lines.reason
is 'why there is no amount or zero, in words';
comment on column production.review_lines.hint is 'what to do about it';
call maintenance._take_comments('production.review_lines', '{production.claim_lines}');
