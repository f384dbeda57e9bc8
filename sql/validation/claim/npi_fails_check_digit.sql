-- Luhn over 80840 and the ten digits is the plain Luhn sum plus 24. Plain integer
-- arithmetic, so that the caller's plan takes it in: a loop or unnest over the
-- digits costs ten times as much.
create function validation.npi_fails_check_digit(p_npi bigint)
returns boolean
language sql
immutable
parallel safe
begin atomic
  select
    p_npi not between 1000000000 and 2999999999
    or (
      24
      + p_npi % 10
      + p_npi / 100 % 10
      + p_npi / 10000 % 10
      + p_npi / 1000000 % 10
      + p_npi / 100000000 % 10
      + p_npi / 10 % 10 * 2 - (p_npi / 10 % 10 / 5) * 9
      + p_npi / 1000 % 10 * 2 - (p_npi / 1000 % 10 / 5) * 9
      + p_npi / 100000 % 10 * 2 - (p_npi / 100000 % 10 / 5) * 9
      + p_npi / 10000000 % 10 * 2 - (p_npi / 10000000 % 10 / 5) * 9
      + p_npi / 1000000000 % 10 * 2 - (p_npi / 1000000000 % 10 / 5) * 9
    ) % 10 <> 0;
end;

comment on function validation.npi_fails_check_digit(bigint)
is 'True when ten digits are no NPI: not beginning with 1 or 2, or failing the check digit (Luhn with prefix 80840).';
