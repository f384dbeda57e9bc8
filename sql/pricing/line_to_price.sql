-- What pricing needs to know of a line. An array of these instead of a table to
-- read from, so that transfer, quotes and previews call the same function, and so
-- that the planner sees how many lines there are even where nothing was analysed.
create type pricing.line_to_price as (
  claim_id bigint,
  line_number smallint,
  service_date date,
  hcpcs text,
  modifiers text[],
  place_of_service text,
  units numeric,
  charge numeric,
  carrier text,
  locality text,
  service_zip text,
  rendering_taxonomy text
);

comment on type pricing.line_to_price
is 'One service line to price. Lines of one claim_id belong to one patient and provider; charge may be null.';
