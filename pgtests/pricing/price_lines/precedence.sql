-- Of several reasons the first in the order of the steps is told: release, row, status,
-- relative values, what the line asks for, and last what the formula lacks.
begin;
\ir ../../_support/pricing.sql
select plan(1);

call fixture.add_procedure('1000C', p_status_code => 'C', p_multiple_procedure => '2');
call fixture.add_procedure('1000N', p_status_code => 'N');
call fixture.add_procedure(
  '1000A', p_work_rvu => 0, p_non_facility_pe_rvu => 0, p_facility_pe_rvu => 0,
  p_malpractice_rvu => 0
);
call fixture.add_procedure('1000T', p_status_code => 'T');
call fixture.add_procedure('10002', p_multiple_procedure => '2', p_bilateral_surgery => '1');

-- All but the first three are wrong in everything that follows their reason.
create procedure pg_temp.add_line(
  p_name text,
  p_hcpcs text default '10002',
  p_modifiers text[] default '{80}',
  p_taxonomy text default '363L00000X',
  p_units numeric default 0,
  p_place text default '98',
  p_zip text default null,
  p_date date default '2025-07-01',
  p_claim bigint default null
)
language sql
as $$
  call fixture.add_line_to_price(
    p_name, p_hcpcs, p_modifiers, p_place, p_units, null, null, null, p_zip, p_taxonomy,
    p_date, p_claim
  )
$$;
call pg_temp.add_line('no release', '99999', p_date => '2031-01-01');
call pg_temp.add_line('no code', '99999');
call pg_temp.add_line('no row', '10002', '{26,80}');
call pg_temp.add_line('not covered', '1000N');
call pg_temp.add_line('contractor''s price', '1000C');
call pg_temp.add_line('no relative values', '1000A');
call pg_temp.add_line('an injection beside a visit', '1000T', p_claim => 1);
call fixture.add_line_to_price('the visit', p_claim => 1);
call pg_temp.add_line('an assistant');
call pg_temp.add_line('a nurse practitioner', p_modifiers => null);
call pg_temp.add_line('no units', p_modifiers => '{RT,LT}', p_taxonomy => null);
call pg_temp.add_line(
  'no place', p_modifiers => '{RT,LT}', p_taxonomy => null, p_units => 2
);
call pg_temp.add_line(
  'no locality', p_modifiers => '{RT,LT}', p_taxonomy => null, p_units => 2,
  p_place => '11'
);
call pg_temp.add_line(
  'both sides', p_modifiers => '{RT,LT}', p_taxonomy => null, p_units => 2,
  p_place => '11', p_zip => '35203'
);
call pg_temp.add_line(
  'two surgeries', p_modifiers => null, p_taxonomy => null, p_units => 2,
  p_place => '11', p_zip => '35203'
);
call pg_temp.add_line(
  'one surgery', p_modifiers => null, p_taxonomy => null, p_units => 1,
  p_place => '11', p_zip => '35203'
);
select results_eq(
  'select name, status, reason from fixture.prices',
  $$ values
    ('no release', 'pended', 'no_release'),
    ('no code', 'pended', 'unknown_code'),
    ('no row', 'pended', 'modifier_row_missing'),
    ('not covered', 'not_covered', 'not_covered'),
    ('contractor''s price', 'pended', 'contractor_priced'),
    ('no relative values', 'pended', 'no_relative_values'),
    ('an injection beside a visit', 'bundled', 'injection_bundled'),
    ('the visit', 'priced', null),
    ('an assistant', 'pended', 'assistant_surgery'),
    ('a nurse practitioner', 'pended', 'provider_type'),
    ('no units', 'pended', 'not_above_zero'),
    ('no place', 'pended', 'place_of_service_unknown'),
    ('no locality', 'pended', 'locality_unknown'),
    ('both sides', 'pended', 'bilateral'),
    ('two surgeries', 'pended', 'multiple_procedures'),
    ('one surgery', 'priced', null)
  $$,
  'the reason is the first in order'
);

select finish();
rollback;
