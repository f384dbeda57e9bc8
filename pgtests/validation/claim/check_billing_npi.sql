begin;
\ir ../../_support/fixture.sql
select plan(1);

call fixture.add_claim('first digit 1', p_billing_npi => '1234567893');
call fixture.add_claim('first digit 2', p_billing_npi => '2000000002');
call fixture.add_claim('the same provider again', p_billing_npi => '1234567893');
call fixture.add_claim('malformed, found at intake', p_billing_npi => null);
call fixture.add_claim(
  'the rendering provider is wrong', p_rendering_npi => '1234567890'
);

call fixture.add_claim('wrong check digit', p_billing_npi => '1234567890');
call fixture.add_claim('wrong check digit again', p_billing_npi => '1234567890');
call fixture.add_claim('two digits swapped', p_billing_npi => '1243567893');
call fixture.add_claim('first digit 0', p_billing_npi => '0000000006');
call fixture.add_claim('first digit 3', p_billing_npi => '3000000000');

select results_eq(
  $$ select * from fixture.findings('check_billing_npi') $$,
  $$ values
    ('first digit 0', 0, 'V010', 'billing_npi', '0000000006'),
    ('first digit 3', 0, 'V010', 'billing_npi', '3000000000'),
    ('two digits swapped', 0, 'V010', 'billing_npi', '1243567893'),
    ('wrong check digit', 0, 'V010', 'billing_npi', '1234567890'),
    ('wrong check digit again', 0, 'V010', 'billing_npi', '1234567890') $$,
  'V010: the billing NPI begins with 1 or 2 and passes its check digit'
);

select finish();
rollback;
