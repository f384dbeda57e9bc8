-- A modifier that changes the amount by a rule that is not applied here makes the line
-- wait with that rule as its reason.
begin;
\ir ../../_support/pricing.sql
select plan(4);

select set_eq(
  $$
    select special.modifier, special.effect, special.reason_code
    from catalogue.payment_modifiers as special
  $$,
  $$ values
    ('26', 'row', null),
    ('TC', 'row', null),
    ('53', 'row', null),
    ('22', 'reason', 'documentation'),
    ('52', 'reason', 'documentation'),
    ('50', 'reason', 'bilateral'),
    ('62', 'reason', 'co_surgery'),
    ('66', 'reason', 'co_surgery'),
    ('80', 'reason', 'assistant_surgery'),
    ('81', 'reason', 'assistant_surgery'),
    ('82', 'reason', 'assistant_surgery'),
    ('AS', 'reason', 'assistant_surgery'),
    ('54', 'reason', 'split_global'),
    ('55', 'reason', 'split_global'),
    ('56', 'reason', 'split_global'),
    ('78', 'reason', 'split_global'),
    ('CQ', 'reason', 'therapy_assistant'),
    ('CO', 'reason', 'therapy_assistant')
  $$,
  'the modifiers that change an amount are known'
);

do $$
declare
  v_modifier text;
begin
  for v_modifier in
    select special.modifier
    from catalogue.payment_modifiers as special
    where special.effect = 'reason'
  loop
    call fixture.add_line_to_price(v_modifier, p_modifiers => array[v_modifier]);
    call fixture.add_line_to_price(
      v_modifier || ' in second place', p_modifiers => array['59', v_modifier]
    );
  end loop;
end;
$$;
select set_eq(
  'select name, status, reason, allowed_amount from fixture.prices',
  $$
    select
      special.modifier || place.place as name,
      'pended' as status,
      special.reason_code,
      null::numeric as allowed_amount
    from catalogue.payment_modifiers as special
    cross join (values (''), (' in second place')) as place (place)
    where special.effect = 'reason'
  $$,
  'each makes the line wait with its reason, in any place'
);
truncate fixture.lines_to_price;

call fixture.add_line_to_price('assistant and bilateral', p_modifiers => '{80,50}');
call fixture.add_line_to_price('bilateral and assistant', p_modifiers => '{50,80}');
call fixture.add_line_to_price('reduced professional part', '71046', '{26,52}');
select results_eq(
  'select name, status, reason, allowed_amount from fixture.prices',
  $$ values
    ('assistant and bilateral', 'pended', 'assistant_surgery', null::numeric),
    ('bilateral and assistant', 'pended', 'assistant_surgery', null),
    ('reduced professional part', 'pended', 'documentation', null)
  $$,
  'of two, one is the reason, whatever their order'
);
truncate fixture.lines_to_price;

do $$
declare
  v_modifier text;
begin
  foreach v_modifier in array string_to_array(
    '24 25 27 57 58 59 76 77 79 91 95 99 E1 F1 FA GA GC GT GY GZ '
    'KX LT QW RT TA XE XP XS XU',
    ' '
  )
  loop
    call fixture.add_line_to_price(v_modifier, p_modifiers => array[v_modifier]);
  end loop;
end;
$$;
select is_empty(
  $$
    select prices.name, prices.status, prices.allowed_amount
    from fixture.prices as prices
    where (prices.status, prices.allowed_amount) is distinct from ('priced', 81.86)
  $$,
  'other modifiers change nothing'
);

select finish();
rollback;
