-- Auditing: reads the trail and its seals, and of claims learns their ids alone. What
-- it gave to whom is recorded, too.
grant usage on schema audit, auditing to claims_auditor;
grant select on audit.events, audit.seals to claims_auditor;
grant select on auditing.actions, auditing.purposes to claims_auditor;
grant execute on function
auditing.record_access(text, integer, bigint, bigint, jsonb),
auditing.find_claims_of_patient(bytea),
auditing.find_patient_of_claim(bigint),
auditing.find_events_of_claims(bigint[])
to claims_auditor;
