-- Each claim has a line 1 as it is by default.
begin;
\ir ../../_support/fixture.sql
select plan(1);

call fixture.add_claim('another code');
call fixture.add_line('another code', p_hcpcs => '71046');
call fixture.add_claim('another day');
call fixture.add_line('another day', p_service_date => '2025-07-02');
call fixture.add_claim('ends on another day');
call fixture.add_line('ends on another day', p_service_date_to => '2025-07-02');
call fixture.add_claim('another place');
call fixture.add_line('another place', p_place_of_service => '21');
call fixture.add_claim('another charge');
call fixture.add_line('another charge', p_charge => 120.01);
call fixture.add_claim('another modifier');
call fixture.add_line('another modifier', p_modifiers => '{25}');
call fixture.add_claim('left and right', p_modifiers => '{LT}');
call fixture.add_line('left and right', p_modifiers => '{RT}');
call fixture.add_claim('malformed codes, found at intake', p_hcpcs => null);
call fixture.add_line('malformed codes, found at intake', p_hcpcs => null);

-- Two lines for each modifier that says that it is no duplicate.
do $$
declare
  v_modifier text;
begin
  foreach v_modifier in array '{59,76,77,91,XE,XP,XS,XU}'::text[] loop
    call fixture.add_claim(v_modifier, p_modifiers => array[v_modifier]);
    call fixture.add_line(v_modifier, p_modifiers => array[v_modifier]);
  end loop;
end;
$$;

call fixture.add_claim('twice');
call fixture.add_line('twice');
call fixture.add_claim('three times, not one after the other');
call fixture.add_line('three times, not one after the other', p_hcpcs => '71046');
call fixture.add_line('three times, not one after the other');
call fixture.add_line('three times, not one after the other');
call fixture.add_claim('an end that says the same');
call fixture.add_line('an end that says the same', p_service_date_to => '2025-07-01');
call fixture.add_claim('other units, same charge');
call fixture.add_line('other units, same charge', p_units => 2);
call fixture.add_claim('a modifier that says nothing of it', p_modifiers => '{25}');
call fixture.add_line('a modifier that says nothing of it', p_modifiers => '{25}');

select results_eq(
  $$ select * from fixture.findings('check_duplicate_line') $$,
  $$ values
    (
      'a modifier that says nothing of it', 2, 'V041', 'hcpcs',
      '99213 on 2025-07-01 repeats line 1'
    ),
    (
      'an end that says the same', 2, 'V041', 'hcpcs',
      '99213 on 2025-07-01 repeats line 1'
    ),
    (
      'other units, same charge', 2, 'V041', 'hcpcs',
      '99213 on 2025-07-01 repeats line 1'
    ),
    (
      'three times, not one after the other', 3, 'V041', 'hcpcs',
      '99213 on 2025-07-01 repeats line 1'
    ),
    (
      'three times, not one after the other', 4, 'V041', 'hcpcs',
      '99213 on 2025-07-01 repeats line 1'
    ),
    ('twice', 2, 'V041', 'hcpcs', '99213 on 2025-07-01 repeats line 1') $$,
  'V041: a line repeats no other of its claim, unless a modifier says why'
);

select finish();
rollback;
