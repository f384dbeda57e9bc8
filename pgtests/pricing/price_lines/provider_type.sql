-- Some types of provider are paid a share of the schedule: their lines wait for it.
begin;
\ir ../../_support/pricing.sql
select plan(1);

create procedure pg_temp.add_line(p_name text, p_taxonomy text)
language sql
as $$
  call fixture.add_line_to_price(p_name, p_rendering_taxonomy => p_taxonomy)
$$;
call pg_temp.add_line('physician', '207Q00000X');
call pg_temp.add_line('no taxonomy', null);
call pg_temp.add_line('nurse practitioner', '363L00000X');
call pg_temp.add_line('family nurse practitioner', '363LF0000X');
call pg_temp.add_line('physician assistant', '363A00000X');
call pg_temp.add_line('surgical physician assistant', '363AS0400X');
call pg_temp.add_line('clinical nurse specialist', '364S00000X');
call pg_temp.add_line('clinical social worker', '1041C0700X');
call pg_temp.add_line('another social worker', '104100000X');
call pg_temp.add_line('marriage and family therapist', '106H00000X');
call pg_temp.add_line('mental health counsellor', '101YM0800X');
call pg_temp.add_line('another counsellor', '101YA0400X');
call pg_temp.add_line('dietitian', '133V00000X');
call pg_temp.add_line('pediatric dietitian', '133VN1004X');
call pg_temp.add_line('midwife', '367A00000X');
call pg_temp.add_line('physical therapist', '225100000X');
select results_eq(
  'select name, status, reason, allowed_amount from fixture.prices',
  $$ values
    ('physician', 'priced', null, 81.86),
    ('no taxonomy', 'priced', null, 81.86),
    ('nurse practitioner', 'pended', 'provider_type', null),
    ('family nurse practitioner', 'pended', 'provider_type', null),
    ('physician assistant', 'pended', 'provider_type', null),
    ('surgical physician assistant', 'pended', 'provider_type', null),
    ('clinical nurse specialist', 'pended', 'provider_type', null),
    ('clinical social worker', 'pended', 'provider_type', null),
    ('another social worker', 'priced', null, 81.86),
    ('marriage and family therapist', 'pended', 'provider_type', null),
    ('mental health counsellor', 'pended', 'provider_type', null),
    ('another counsellor', 'priced', null, 81.86),
    ('dietitian', 'pended', 'provider_type', null),
    ('pediatric dietitian', 'pended', 'provider_type', null),
    ('midwife', 'priced', null, 81.86),
    ('physical therapist', 'priced', null, 81.86)
  $$,
  'the taxonomy of the rendering provider tells whom the schedule pays in part'
);

select finish();
rollback;
