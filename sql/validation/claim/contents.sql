-- Rules of the claim: providers, patient, sums, pointers.
\ir npi_fails_check_digit.sql
\ir check_billing_npi.sql
\ir check_rendering_npi.sql
\ir check_sex.sql
\ir check_charges_add_up.sql
\ir check_diagnosis_pointers.sql
