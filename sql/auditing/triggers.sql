-- They go with the schema of their functions whenever the code is made anew, and come
-- back here, in the same transaction.
do $$ begin perform auditing._protect_tables(); end $$;

create trigger record_settings_change
after update on queue.settings
for each row
when (old.* is distinct from new.*)
execute function auditing.record_settings_change();

comment on trigger record_settings_change on queue.settings
is 'Every change of a setting leaves an audit event.';
