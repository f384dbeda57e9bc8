-- The one place that says how stages and states belong together. What was scored
-- before scoring was switched off is not left behind.
create function pipeline._due_states(p_stage text)
returns text[]
language plpgsql
stable
set search_path = pg_catalog, pg_temp
as $$
declare
  v_states text[];
begin
  select case p_stage
    when 'validation' then array['received']
    when 'scoring' then
      case when settings.scoring_required then array['validated'] else '{}'::text[] end
    when 'transfer' then
      case
        when settings.scoring_required then array['scored']
        else array['validated', 'scored']
      end
  end
  into strict v_states
  from queue.settings as settings;
  if v_states is null then
    raise exception using
      errcode = 'PL004',
      message = format('there is no stage %L', p_stage),
      hint = 'Stages are validation, scoring and transfer.';
  end if;
  return v_states;
end;
$$;

comment on function pipeline._due_states(text)
is 'The states in which a batch is due for a stage; none for scoring where no scores are required. PL004.';
