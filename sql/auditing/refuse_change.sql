-- Nobody has the privilege; this stops the owner too.
create function auditing.refuse_change()
returns trigger
language plpgsql
set search_path = pg_catalog, pg_temp
as $$
begin
  raise exception using
    errcode = 'AU004',
    message = format('%s.%s is append only', tg_table_schema, tg_table_name),
    hint = 'Old months of the trail are detached by maintenance.archive_audit_month.';
end;
$$;

comment on function auditing.refuse_change()
is 'Refuses to change, delete or truncate rows of the audit trail. AU004.';
