-- Lines to price, by name. Include it instead of fixture.sql, which it brings along:
--
--   call fixture.add_line_to_price('in a hospital', p_place_of_service => '21');
--   select results_eq(
--     'select name, allowed_amount from fixture.prices',
--     $$ values ('in a hospital', 59.93) $$,
--     'facilities have a practice expense of their own'
--   );
--
-- A line is right in every field, and alone on its claim unless p_claim puts it
-- together with others.
\ir fixture.sql

create table fixture.lines_to_price (
  position integer generated always as identity,
  name text primary key,
  line pricing.line_to_price not null
);

create procedure fixture.add_line_to_price(
  p_name text,
  p_hcpcs text default '99213',
  p_modifiers text[] default null,
  p_place_of_service text default '11',
  p_units numeric default 1,
  p_charge numeric default null,
  p_carrier text default '10112',
  p_locality text default '00',
  p_service_zip text default null,
  p_rendering_taxonomy text default '207Q00000X',
  p_service_date date default '2025-07-01',
  p_claim bigint default null
)
language plpgsql
as $$
declare
  v_claim bigint := coalesce(
    p_claim, 1000 + (select count(*) from fixture.lines_to_price as given)
  );
begin
  insert into fixture.lines_to_price (name, line)
  select p_name, row(
    v_claim, 1 + count(*), p_service_date, p_hcpcs, p_modifiers, p_place_of_service,
    p_units, p_charge, p_carrier, p_locality, p_service_zip, p_rendering_taxonomy
  )::pricing.line_to_price
  from fixture.lines_to_price as given
  where (given.line).claim_id = v_claim;
end;
$$;

-- The dates of service on which the work floor is law, in this test.
create procedure fixture.set_work_floor(variadic p_dates date[])
language plpgsql
as $$
begin
  execute format(
    'create or replace view catalogue.work_floor_periods as
     select floored.valid_from, floored.valid_to, ''law''::text as law
     from unnest(%L::date[], %L::date[]) as floored (valid_from, valid_to)',
    array(
      select given.day
      from unnest(p_dates) with ordinality as given (day, position)
      where given.position % 2 = 1
    ),
    array(
      select given.day
      from unnest(p_dates) with ordinality as given (day, position)
      where given.position % 2 = 0
    )
  );
end;
$$;

-- All lines, priced in one call.
create view fixture.prices as
select
  given.name,
  priced.pricing_status as status,
  priced.reason_code as reason,
  priced.allowed_amount,
  priced.rvu_release_id,
  priced.gpci_release_id,
  priced.step_codes,
  priced.step_factors,
  priced.step_amounts
from fixture.lines_to_price as given
left join
  pricing.price_lines(
    array(select one.line from fixture.lines_to_price as one order by one.position)
  ) as priced
  on
    (given.line).claim_id = priced.claim_id
    and (given.line).line_number = priced.line_number
order by given.position;
