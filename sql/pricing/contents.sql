-- Pricing: lines in, amounts out.
\ir line_to_price.sql
\ir price_lines.sql
