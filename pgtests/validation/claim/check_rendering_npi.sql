begin;
\ir ../../_support/fixture.sql
select plan(1);

call fixture.add_claim('first digit 1', p_rendering_npi => '1234567893');
call fixture.add_claim('first digit 2', p_rendering_npi => '2000000002');
call fixture.add_claim('the billing provider rendered', p_rendering_npi => null);
call fixture.add_claim(
  'the billing provider is wrong', p_billing_npi => '1234567890'
);

call fixture.add_claim('wrong check digit', p_rendering_npi => '1234567890');
call fixture.add_claim('wrong check digit again', p_rendering_npi => '1234567890');
call fixture.add_claim('first digit 0', p_rendering_npi => '0000000006');
call fixture.add_claim('first digit 3', p_rendering_npi => '3000000000');

select results_eq(
  $$ select * from fixture.findings('check_rendering_npi') $$,
  $$ values
    ('first digit 0', 0, 'V011', 'rendering_npi', '0000000006'),
    ('first digit 3', 0, 'V011', 'rendering_npi', '3000000000'),
    ('wrong check digit', 0, 'V011', 'rendering_npi', '1234567890'),
    ('wrong check digit again', 0, 'V011', 'rendering_npi', '1234567890') $$,
  'V011: the rendering NPI begins with 1 or 2 and passes its check digit'
);

select finish();
rollback;
