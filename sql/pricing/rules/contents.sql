-- The rules, numbered by their place. Those of a line take what they look at of it;
-- those of a day take all lines of the days that ask for them.
\ir is_paid_share.sql
\ir 100_row.sql
\ir 110_status.sql
\ir 120_relative_values.sql
\ir 130_injection.sql
\ir 140_role.sql
\ir 150_provider_type.sql
\ir 160_quantity.sql
\ir 190_setting.sql
\ir 210_locality.sql
\ir 300_fee_schedule.sql
\ir 400_bilateral.sql
\ir 610_surgery.sql
\ir 640_imaging.sql
\ir 650_therapy.sql
\ir 660_cardiovascular.sql
\ir 670_ophthalmology.sql
\ir 700_opps_cap.sql
\ir is_plain.sql
\ir apply_line_rules.sql
\ir apply_day_rules.sql
