begin;
select plan(7);

select results_eq(
  $$
    select last.digit
    from generate_series(0, 9) as last (digit)
    where not validation.npi_fails_check_digit(1234567890 + last.digit)
  $$,
  'values (3)',
  'of the ten check digits of an NPI one is right'
);

select is(
  (
    select count(*)::integer
    from generate_series(0, 9) as place (power)
    cross join generate_series(1, 9) as shift (by)
    cross join
      lateral (
        select 1234567893 / (10 ^ place.power)::bigint % 10 as digit
      ) as old
    cross join
      lateral (
        select
          1234567893
          + ((old.digit + shift.by) % 10 - old.digit)
          * (10 ^ place.power)::bigint as npi
      ) as typed
    where validation.npi_fails_check_digit(typed.npi)
  ),
  90,
  'every change of one digit is found'
);

-- The Luhn sum is the same for 09 and 90 alone.
select is(
  (
    select count(*)::integer
    from generate_series(0, 8) as place (power)
    cross join
      lateral (
        select
          1234567893 / (10 ^ place.power)::bigint % 10 as low,
          1234567893 / (10 ^ (place.power + 1))::bigint % 10 as high
      ) as pair
    cross join
      lateral (
        select
          1234567893
          + (pair.high - pair.low) * (10 ^ place.power)::bigint
          + (pair.low - pair.high) * (10 ^ (place.power + 1))::bigint as npi
      ) as typed
    where validation.npi_fails_check_digit(typed.npi)
  ),
  9,
  'every swap of two neighbours is found'
);

-- All of these pass the check digit.
select ok(
  validation.npi_fails_check_digit(6)
  and validation.npi_fails_check_digit(3000000000),
  'the first digit is 1 or 2, whatever the check digit says'
);
select ok(
  not validation.npi_fails_check_digit(1000000004)
  and not validation.npi_fails_check_digit(2999999990),
  'the lowest and the highest NPI pass'
);
select ok(
  not validation.npi_fails_check_digit(1245319599),
  'a published example passes'
);
select is(
  validation.npi_fails_check_digit(null), null, 'no number, no answer'
);

select finish();
rollback;
