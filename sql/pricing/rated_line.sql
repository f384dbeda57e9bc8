-- What rules look at: the line, the row of the schedule, the setting and the locality
-- that were chosen for it, and the fee of one unit by the formula.
create type pricing.rated_line as (
  position bigint,
  claim_id bigint,
  line_number smallint,
  service_date date,
  hcpcs text,
  modifiers text[],
  row_modifier text,
  units numeric,
  charge numeric,
  rendering_taxonomy text,
  service_zip text,
  names_carrier boolean,
  rvu_release_id integer,
  gpci_release_id integer,
  place_release_id integer,
  status_code text,
  multiple_procedure text,
  bilateral_surgery text,
  global_days text,
  conversion_factor numeric,
  has_relative_values boolean,
  is_facility boolean,
  zip_list_complete boolean,
  zip_listed boolean,
  plus_four_required boolean,
  locality_found boolean,
  fee numeric,
  opps_cap numeric
);

comment on type pricing.rated_line
is 'A line with all that was looked up for it. Position is its place in the call: the one key that every line has. Fee and cap are of one unit, not rounded.';
