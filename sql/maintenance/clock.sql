-- What time it is, for routines that decide by it: leases, waits, retention, expiry,
-- partitions to come. A test replaces it in its own database; nothing else can, for
-- nobody but the owner may, and no setting of a session is read. Must inline, so that
-- it costs what now() does.
create function maintenance.clock()
returns timestamptz
language sql
stable
parallel safe
begin atomic
  select now();
end;

comment on function maintenance.clock()
is 'What time it is to the routines that decide by it: the time at which the transaction began.';
