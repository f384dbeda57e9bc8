-- Rules of code sets: what is valid on the date of service.
\ir check_procedure_in_force.sql
\ir check_modifier_row.sql
\ir check_diagnosis_in_force.sql
\ir check_diagnosis_specificity.sql
\ir check_place_of_service.sql
\ir check_release_loaded.sql
