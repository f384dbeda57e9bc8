-- Equality search by token, wherever claims stand. Each branch is led by an index:
-- production by that on the token or, for claim numbers, by the registry's key;
-- failed claims by those on the tokens; staging by its unfinished batches, which are
-- few. The plan is made for the arguments, so that the case expressions fold into the
-- one column that is asked for (a pgTAP test pins that).
create function keys.find_claims(
  p_kind text,
  p_token bytea,
  p_submitter_id integer default null,
  p_after bigint default 0,
  p_limit integer default 100
)
returns setof keys.found_claim
language plpgsql
stable
security definer
set search_path = pg_catalog, pg_temp
set plan_cache_mode = 'force_custom_plan'
as $$
begin
  if p_kind not in ('claim_number', 'member', 'patient') then
    raise exception using
      errcode = 'KY005',
      message = format('there are no tokens of kind %L', p_kind),
      hint = 'Search by claim_number, member or patient.';
  end if;

  return query
  with located as (
    select registry.claim_id, registry.service_month
    from queue.submitters as submitter
    inner join queue.claim_registry as registry
      on submitter.submitter_id = registry.submitter_id
    where
      p_kind = 'claim_number'
      and registry.claim_number_token = p_token
      and (p_submitter_id is null or submitter.submitter_id = p_submitter_id)
    union all
    select claim.claim_id, claim.service_month
    from production.claims as claim
    where
      p_kind <> 'claim_number'
      and p_token = case p_kind
        when 'member' then claim.member_token
        when 'patient' then claim.patient_token
      end
  )

  select found.*
  from (
    select
      claim.claim_id,
      claim.submitter_id,
      claim.batch_id,
      'transferred' as state,
      claim.decision,
      claim.received_at,
      claim.first_service_date,
      claim.total_charge,
      claim.allowed_amount
    from located
    inner join production.claims as claim
      on
        located.claim_id = claim.claim_id
        and located.service_month = claim.service_month
    union all
    select
      failed.claim_id,
      failed.submitter_id,
      failed.batch_id,
      'failed' as state,
      failed.resolution,
      failed.received_at,
      (failed.staged_claim ->> 'first_service_date')::date,
      (failed.staged_claim ->> 'total_charge')::numeric,
      null as allowed_amount
    from staging.failed_claims as failed
    where
      failed.resolution in ('open', 'superseded')
      and case p_kind
        when 'claim_number' then failed.claim_number_token = p_token
        when 'member'
          then failed.staged_claim ->> 'member_token' = '\x' || encode(p_token, 'hex')
        when 'patient'
          then failed.staged_claim ->> 'patient_token' = '\x' || encode(p_token, 'hex')
      end
    union all
    select
      claim.claim_id,
      claim.submitter_id,
      claim.batch_id,
      case batch.state when 'failed' then 'batch_failed' else batch.state end as state,
      null as decision,
      claim.received_at,
      claim.first_service_date,
      claim.total_charge,
      null as allowed_amount
    from queue.batches as batch
    inner join staging.claims as claim
      on batch.batch_id = claim.batch_id and batch.received_on = claim.received_on
    where
      batch.state <> 'transferred'
      and p_token = case p_kind
        when 'claim_number' then claim.claim_number_token
        when 'member' then claim.member_token
        when 'patient' then claim.patient_token
      end
      and not exists (
        select from staging.failed_claims as failed
        where
          failed.claim_id = claim.claim_id
          and failed.resolution in ('open', 'superseded')
      )
  ) as found
  where
    found.claim_id > p_after
    and (p_submitter_id is null or found.submitter_id = p_submitter_id)
  order by found.claim_id
  limit p_limit;
end;
$$;

comment on function keys.find_claims(text, bytea, integer, bigint, integer)
is 'Claims whose claim number, member id or patient has a token, in any state and in the order of their ids; of one submitter, or of all when it is null. KY005: no such kind.';
