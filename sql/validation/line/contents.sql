-- Rules of a line: units and charge.
\ir check_units_positive.sql
\ir check_units_whole.sql
\ir check_charge_positive.sql
