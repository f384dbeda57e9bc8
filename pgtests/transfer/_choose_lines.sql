begin;
\ir ../_support/fixture.sql
select plan(2);

update reference.rules set disposition = 'pend' where rule_code = 'V025';
call fixture.add_batch('validated', p_state => 'validated');
call fixture.add_claim(
  'free', p_batch => 'validated', p_billing_taxonomy => '207Q00000X',
  p_carrier => '10112', p_locality => '00', p_units => 2
);
call fixture.add_claim(
  'rendered by another', p_batch => 'validated', p_rendering_taxonomy => '363L00000X'
);
call fixture.add_finding('rendered by another', 'V026', 1);
call fixture.add_claim('one line denied', p_batch => 'validated');
call fixture.add_line('one line denied');
call fixture.add_finding('one line denied', 'V015', 1);
call fixture.add_claim('pended as a whole', p_batch => 'validated');
call fixture.add_finding('pended as a whole', 'V025', 0);
call fixture.add_claim('failed', p_batch => 'validated');

select results_eq(
  $$
    select
      named.name, line.line_number::integer, line.units, line.charge, line.carrier,
      line.locality, line.service_zip, line.rendering_taxonomy
    from unnest(
      transfer._choose_lines(
        array[fixture.batch_id('validated')], '{2025-07-16}',
        array[fixture.claim_id('failed')]
      )
    ) as line
    inner join fixture.claims as named on line.claim_id = named.claim_id
    order by line.claim_id, line.line_number
  $$,
  $$ values
    ('free', 1, 2::numeric, 120.00, '10112', '00', '35203', '207Q00000X'),
    ('rendered by another', 1, 1, 120.00, null, null, '35203', '363L00000X'),
    ('one line denied', 2, 1, 120.00, null, null, '35203', '207Q00000X')
  $$,
  'what no finding holds is priced, with what its claim says of the place and provider'
);
select is(
  transfer._choose_lines('{}', '{}', '{}'), null,
  'without lines there is nothing to price'
);

select finish();
rollback;
