create function pricing.is_paid_share(p_taxonomy text)
returns boolean
language sql
immutable
parallel safe
return
left(p_taxonomy, 4) in ('363L', '363A', '364S', '133V')
or p_taxonomy in ('1041C0700X', '106H00000X', '101YM0800X');

comment on function pricing.is_paid_share(text)
is 'Whether Medicare pays providers of this taxonomy code a share of the schedule.';
