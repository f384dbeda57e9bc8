-- The audit trail, which every change writes to.
\ir actions.sql
\ir purposes.sql
\ir record_event.sql
\ir record_access.sql
\ir record_settings_change.sql
\ir refuse_change.sql
\ir _protect_tables.sql
\ir find_claims_of_patient.sql
\ir find_patient_of_claim.sql
\ir find_events_of_claims.sql
\ir triggers.sql
