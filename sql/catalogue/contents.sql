-- Code lists: what the routines, the pages and the answers mean by their codes. They
-- are views, so that a new code is a line here and never a revision.
\ir pricing_steps.sql
\ir pricing_reasons.sql
\ir payment_modifiers.sql
\ir work_floor_periods.sql
