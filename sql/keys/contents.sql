-- Data keys and erasure keys; what was encrypted under an older one; search by token.
\ir patient_leaf.sql
\ir hold_keys.sql
\ir add_first_data_key.sql
\ir rotate_data_key.sql
\ir rewrap_data_keys.sql
\ir register_erasure_keys.sql
\ir begin_erasure.sql
\ir announce_erasure.sql
\ir end_erasure.sql
\ir unlink_patient.sql
\ir unlink_months.sql
\ir replace_production_phi.sql
\ir replace_staged_phi.sql
\ir replace_failed_phi.sql
\ir found_claim.sql
\ir find_claims.sql
\ir search_claims.sql
