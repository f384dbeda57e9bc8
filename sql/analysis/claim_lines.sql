create view analysis.claim_lines with (security_barrier) as
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
  line.diagnosis_pointers,
  line.charge,
  line.pricing_status,
  line.allowed_amount,
  line.reason_code,
  coalesce(reason.title, rule.title) as reason,
  line.group_code,
  line.carc,
  line.rarc,
  rvu_release.name as rvu_release,
  gpci_release.name as gpci_release
from production.claim_lines as line
left join catalogue.pricing_reasons as reason on line.reason_code = reason.reason_code
left join reference.rules as rule on line.reason_code = rule.rule_code
left join reference.releases as rvu_release
  on line.rvu_release_id = rvu_release.release_id
left join reference.releases as gpci_release
  on line.gpci_release_id = gpci_release.release_id
where line.submitter_id = any((select analysis.seen_submitters())::integer []);

comment on view analysis.claim_lines
is 'Adjudicated lines, the reason for a missing or zero amount in words, and the releases that priced them.';
comment on column analysis.claim_lines.reason
is 'why there is no amount or zero, in words';
comment on column analysis.claim_lines.rvu_release
is 'name of the release of the relative values used';
comment on column analysis.claim_lines.gpci_release
is 'name of the release of the geographic indices used';
call maintenance._take_comments('analysis.claim_lines', '{production.claim_lines}');
