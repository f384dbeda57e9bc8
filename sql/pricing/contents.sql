-- Pricing: lines in, amounts out. Lines are rated, rules look at what is rated, and
-- what the rules say is settled.
\ir line_to_price.sql
\ir rated_line.sql
\ir line_effect.sql
\ir line_to_settle.sql
\ir rate/contents.sql
\ir rules/contents.sql
\ir settle_lines.sql
\ir price_lines.sql
