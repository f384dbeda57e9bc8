create function pipeline._call_stage(p_stage text, p_batch_ids bigint[])
returns void
language plpgsql
set search_path = pg_catalog, pg_temp
as $$
begin
  if p_stage = 'validation' then
    perform validation.validate_batches(p_batch_ids);
  elsif p_stage = 'transfer' then
    perform transfer.move_batches(p_batch_ids);
  else
    raise exception using
      errcode = 'PL004',
      message = format('there is no stage %L that runs in the database', p_stage),
      hint = 'Stages are validation and transfer.';
  end if;
end;
$$;

comment on function pipeline._call_stage(text, bigint[])
is 'Runs the stage of a name, validation or transfer. PL004.';
