-- Claims and reference data for tests. Include it first, in the test's transaction:
--
--   begin;
--   \ir ../_support/fixture.sql
--   select plan(1);
--   call fixture.add_claim('no units', p_units => 0);
--   select results_eq(
--     $$ select * from fixture.findings('check_units_positive') $$,
--     $$ values ('no units', 1, 'V030', 'units', '0.000') $$,
--     'V030: units are above zero'
--   );
--   select finish();
--   rollback;
--
-- Every claim is right in every field, so that a test states only what differs.
-- Claims, batches and releases have names; a claim's name says which case it is, and
-- serves as its claim number. add_claim makes a claim with one line, add_line adds a
-- further one. Totals, counts and the first date of service follow the lines, unless
-- they are stated.
--
-- Nothing depends on the day on which the test runs: the batch was received on
-- Wednesday 2025-07-16, services were on 2025-07-01, and the only reference data are
-- the few rows at the end of this file, in releases named 'standard', which are in
-- force all through 2025. Encrypted columns hold bytes that decrypt to nothing.
set client_min_messages = warning;

create schema fixture;

-- Lets it be so much later (or earlier) from now on, to whatever asks the clock.
create procedure fixture.move_clock(p_by interval)
language plpgsql
as $$
begin
  execute format(
    'create or replace function maintenance.clock() returns timestamptz '
    'language sql stable parallel safe '
    'begin atomic select now() + %L::interval; end',
    p_by
  );
end;
$$;

create table fixture.releases (
  kind text not null,
  name text not null,
  release_id integer not null,
  primary key (kind, name)
);
create table fixture.batches (name text primary key, batch_id bigint not null);
create table fixture.claims (
  name text primary key,
  claim_id bigint not null,
  total_is_stated boolean not null
);

create function fixture.batch_id(p_batch text default 'batch')
returns bigint
language sql
stable
begin atomic
  select batch.batch_id
  from fixture.batches as batch
  where batch.name = p_batch;
end;

create function fixture.claim_id(p_claim text)
returns bigint
language sql
stable
begin atomic
  select claim.claim_id
  from fixture.claims as claim
  where claim.name = p_claim;
end;

create function fixture.release_id(p_kind text, p_name text default 'standard')
returns integer
language sql
stable
begin atomic
  select release.release_id
  from fixture.releases as release
  where release.kind = p_kind and release.name = p_name;
end;

-- Reference data: a release, then its rows.

create procedure fixture.add_release(
  p_kind text,
  p_name text,
  p_valid_from date,
  p_valid_to date default null,
  p_qpp_status text default 'both',
  p_is_starter boolean default false
)
language plpgsql
as $$
begin
  insert into fixture.releases (kind, name, release_id)
  select p_kind, p_name, maintenance.register_release(
    p_kind, p_qpp_status, p_name, p_valid_from, p_valid_to, p_is_starter,
    p_name || '.csv', sha256(convert_to(p_kind || p_name, 'UTF8')), 1
  );
  perform maintenance.refresh_periods(p_kind);
end;
$$;

create procedure fixture.add_procedure(
  p_hcpcs text,
  p_modifier text default '',
  p_release text default 'standard',
  p_status_code text default 'A',
  p_work_rvu numeric default 1.30,
  p_non_facility_pe_rvu numeric default 1.35,
  p_facility_pe_rvu numeric default 0.57,
  p_malpractice_rvu numeric default 0.10,
  p_non_facility_na boolean default false,
  p_facility_na boolean default false,
  p_pctc_indicator text default '0',
  p_global_days text default 'XXX',
  p_preoperative_share numeric default 0,
  p_intraoperative_share numeric default 0,
  p_postoperative_share numeric default 0,
  p_multiple_procedure text default '0',
  p_bilateral_surgery text default '0',
  p_assistant_surgery text default '0',
  p_co_surgeons text default '0',
  p_team_surgery text default '0',
  p_endoscopic_base text default '',
  p_conversion_factor numeric default 32.3465,
  p_opps_non_facility_pe_rvu numeric default 0,
  p_opps_facility_pe_rvu numeric default 0,
  p_opps_malpractice_rvu numeric default 0
)
language sql
begin atomic
  insert into reference.procedure_rvus (
    release_id, hcpcs, modifier, status_code, work_rvu, non_facility_pe_rvu,
    facility_pe_rvu, malpractice_rvu, non_facility_na, facility_na, pctc_indicator,
    global_days, preoperative_share, intraoperative_share, postoperative_share,
    multiple_procedure, bilateral_surgery, assistant_surgery, co_surgeons,
    team_surgery, endoscopic_base, conversion_factor, opps_non_facility_pe_rvu,
    opps_facility_pe_rvu, opps_malpractice_rvu
  )
  values (
    fixture.release_id('rvu', p_release), p_hcpcs, p_modifier, p_status_code,
    p_work_rvu, p_non_facility_pe_rvu, p_facility_pe_rvu, p_malpractice_rvu,
    p_non_facility_na, p_facility_na, p_pctc_indicator, p_global_days,
    p_preoperative_share, p_intraoperative_share, p_postoperative_share,
    p_multiple_procedure, p_bilateral_surgery, p_assistant_surgery, p_co_surgeons,
    p_team_surgery, p_endoscopic_base, p_conversion_factor,
    p_opps_non_facility_pe_rvu, p_opps_facility_pe_rvu, p_opps_malpractice_rvu
  );
end;

create procedure fixture.add_locality(
  p_carrier text,
  p_locality text,
  p_work_gpci numeric,
  p_work_gpci_floored numeric,
  p_practice_expense_gpci numeric,
  p_malpractice_gpci numeric,
  p_release text default 'standard'
)
language sql
begin atomic
  insert into reference.geographic_indices (
    release_id, carrier, locality, locality_name, work_gpci, work_gpci_floored,
    practice_expense_gpci, malpractice_gpci
  )
  values (
    fixture.release_id('gpci', p_release), p_carrier, p_locality,
    p_carrier || '-' || p_locality, p_work_gpci, p_work_gpci_floored,
    p_practice_expense_gpci, p_malpractice_gpci
  );
end;

create procedure fixture.add_zip(
  p_zip5 text,
  p_carrier text,
  p_locality text,
  p_plus_four_required boolean default false,
  p_release text default 'standard'
)
language sql
begin atomic
  insert into reference.zip_localities
  (release_id, zip5, state, carrier, locality, plus_four_required)
  values (
    fixture.release_id('zip_locality', p_release), p_zip5, 'AL', p_carrier, p_locality,
    p_plus_four_required
  );
end;

create procedure fixture.add_diagnosis(
  p_icd10cm text,
  p_release text default 'standard'
)
language sql
begin atomic
  insert into reference.diagnosis_codes (release_id, icd10cm)
  values (fixture.release_id('icd10cm', p_release), p_icd10cm);
end;

create procedure fixture.add_place_of_service(
  p_place_of_service text,
  p_is_facility boolean,
  p_release text default 'standard'
)
language sql
begin atomic
  insert into reference.place_of_service_codes
  (release_id, place_of_service, is_facility, name)
  values (
    fixture.release_id('place_of_service', p_release), p_place_of_service,
    p_is_facility, 'place ' || p_place_of_service
  );
end;

-- Batches and claims.

-- As the owner, to whom partitions belong.
create function fixture.ensure_partition(
  p_parent text,
  p_suffix text,
  p_from date,
  p_to date
)
returns boolean
language sql
security definer
begin atomic
  select maintenance._ensure_partition(p_parent::regclass, p_suffix, p_from, p_to);
end;
alter function fixture.ensure_partition owner to claims_owner;

-- Makes the staging partitions of the day too.
create procedure fixture.add_batch(
  p_batch text,
  p_received_at timestamptz default '2025-07-16 12:00 UTC',
  p_state text default 'received',
  p_submitter text default 'default'
)
language plpgsql
as $$
declare
  v_received_on date := (p_received_at at time zone 'UTC')::date;
  v_first_claim_id bigint := nextval('queue.claim_ids');
begin
  perform fixture.ensure_partition(
    parent.name, to_char(v_received_on, 'YYYYMMDD'), v_received_on,
    v_received_on + 1
  )
  from (values
    ('staging.claims'), ('staging.claim_lines'), ('staging.claim_findings'),
    ('staging.claim_scores')
  ) as parent (name);

  insert into fixture.batches (name, batch_id)
  values (p_batch, nextval('queue.batch_ids'));

  insert into queue.batches (
    batch_id, submitter_id, idempotency_key, state, received_on, received_at,
    data_key_id, claim_count, staged_count, line_count, first_claim_id, last_claim_id
  )
  select
    fixture.batch_id(p_batch), submitter.submitter_id, p_batch, p_state, v_received_on,
    p_received_at, data_key.data_key_id, 0, 0, 0, v_first_claim_id,
    v_first_claim_id + 999
  from queue.submitters as submitter
  cross join vault.data_keys as data_key
  where submitter.name = p_submitter and data_key.purpose = 'phi';
end;
$$;

-- Makes the production partitions of the month too.
create procedure fixture.add_line(
  p_claim text,
  p_service_date date default '2025-07-01',
  p_service_date_to date default null,
  p_hcpcs text default '99213',
  p_modifiers text[] default null,
  p_place_of_service text default '11',
  p_units numeric default 1,
  p_minutes integer default null,
  p_charge numeric default 120.00,
  p_diagnosis_pointers smallint[] default '{1}'
)
language plpgsql
as $$
declare
  v_claim staging.claims;
begin
  update staging.claims as claim
  set
    line_count = claim.line_count + 1,
    total_charge
    = claim.total_charge + case when named.total_is_stated then 0 else p_charge end,
    first_service_date = least(claim.first_service_date, p_service_date)
  from fixture.claims as named
  where named.name = p_claim and claim.claim_id = named.claim_id
  returning claim.* into strict v_claim;

  update queue.batches as batch
  set line_count = batch.line_count + 1
  where batch.batch_id = v_claim.batch_id;

  insert into staging.claim_lines (
    claim_id, line_number, batch_id, received_on, submitter_id, service_date,
    service_date_to, hcpcs, modifiers, place_of_service, units, minutes, charge,
    diagnosis_pointers
  )
  values (
    v_claim.claim_id, v_claim.line_count, v_claim.batch_id, v_claim.received_on,
    v_claim.submitter_id, p_service_date, p_service_date_to, p_hcpcs, p_modifiers,
    p_place_of_service, p_units, p_minutes, p_charge, p_diagnosis_pointers
  );

  perform fixture.ensure_partition(
    parent.name, to_char(p_service_date, 'YYYYMM'),
    date_trunc('month', p_service_date::timestamp)::date,
    (date_trunc('month', p_service_date::timestamp) + interval '1 month')::date
  )
  from (values
    ('production.claims'), ('production.claim_lines'), ('production.claim_findings'),
    ('production.claim_scores')
  ) as parent (name)
  where p_service_date is not null;
end;
$$;

create procedure fixture.add_claim(
  p_claim text,
  -- Of the claim; a claim number, a total or a time that is null follows from the
  -- name, the lines or the batch.
  p_batch text default 'batch',
  p_claim_number text default null,
  p_frequency_code text default '1',
  p_billing_npi text default '1234567893',
  p_billing_taxonomy text default '207Q00000X',
  p_rendering_npi text default '1245319599',
  p_rendering_taxonomy text default null,
  p_patient_age smallint default 67::smallint,
  p_patient_sex text default 'F',
  p_service_zip text default '35203',
  p_carrier text default null,
  p_locality text default null,
  p_diagnoses text[] default '{E119,I10}',
  p_total_charge numeric default null,
  p_received_at timestamptz default null,
  p_intake_findings jsonb default null,
  -- Of its first line.
  p_service_date date default '2025-07-01',
  p_service_date_to date default null,
  p_hcpcs text default '99213',
  p_modifiers text[] default null,
  p_place_of_service text default '11',
  p_units numeric default 1,
  p_minutes integer default null,
  p_charge numeric default 120.00,
  p_diagnosis_pointers smallint[] default '{1}'
)
language plpgsql
as $$
declare
  v_batch queue.batches;
begin
  update queue.batches as batch
  set claim_count = batch.claim_count + 1, staged_count = batch.staged_count + 1
  where batch.batch_id = fixture.batch_id(p_batch)
  returning batch.* into strict v_batch;

  insert into fixture.claims (name, claim_id, total_is_stated)
  values (
    p_claim, v_batch.first_claim_id + v_batch.claim_count - 1,
    p_total_charge is not null
  );

  insert into staging.claims (
    claim_id, batch_id, received_on, submitter_id, received_at, encrypted_batch_id,
    claim_number_token, member_token, patient_token, frequency_code, payer_id,
    billing_npi, billing_taxonomy, rendering_npi, rendering_taxonomy, patient_age,
    patient_sex, service_zip, carrier, locality, diagnoses, total_charge, line_count,
    intake_findings, claim_number, member_id, patient_last_name, patient_first_name,
    patient_birth_date
  )
  values (
    fixture.claim_id(p_claim), v_batch.batch_id, v_batch.received_on,
    v_batch.submitter_id, coalesce(p_received_at, v_batch.received_at),
    v_batch.batch_id, sha256(convert_to(coalesce(p_claim_number, p_claim), 'UTF8')),
    'member token', 'patient token', p_frequency_code, '12402', p_billing_npi,
    p_billing_taxonomy, p_rendering_npi, p_rendering_taxonomy, p_patient_age,
    p_patient_sex, p_service_zip, p_carrier, p_locality, p_diagnoses,
    coalesce(p_total_charge, 0), 0, p_intake_findings, 'claim number', 'member id',
    'last name', 'first name', 'birth date'
  );

  call fixture.add_line(
    p_claim, p_service_date, p_service_date_to, p_hcpcs, p_modifiers,
    p_place_of_service, p_units, p_minutes, p_charge, p_diagnosis_pointers
  );
end;
$$;

-- A claim that could not be decoded.
create procedure fixture.add_undecoded(p_claim text, p_batch text default 'batch')
language plpgsql
as $$
declare
  v_batch queue.batches;
begin
  update queue.batches as batch
  set claim_count = batch.claim_count + 1, claims_failed = batch.claims_failed + 1
  where batch.batch_id = fixture.batch_id(p_batch)
  returning batch.* into strict v_batch;

  insert into fixture.claims (name, claim_id, total_is_stated)
  values (p_claim, v_batch.first_claim_id + v_batch.claim_count - 1, true);

  insert into staging.failed_claims (
    claim_id, batch_id, submitter_id, received_at, stage, position_in_batch,
    rule_codes, reasons, encrypted_batch_id, original
  )
  values (
    fixture.claim_id(p_claim), v_batch.batch_id, v_batch.submitter_id,
    v_batch.received_at, 'decode', v_batch.claim_count, '{D000}',
    '[{"rule": "D000", "field": "$.units", "reason": "missing required field"}]',
    v_batch.batch_id, 'original'
  );
end;
$$;

-- A finding as validate_batches would leave it.
create procedure fixture.add_finding(
  p_claim text,
  p_rule_code text,
  p_line integer default 0,
  p_value text default null
)
language sql
begin atomic
  insert into staging.claim_findings (
    claim_id, line_number, batch_id, received_on, submitter_id, rule_code,
    disposition, field, value
  )
  select
    claim.claim_id,
    p_line,
    claim.batch_id,
    claim.received_on,
    claim.submitter_id,
    rule.rule_code,
    rule.disposition,
    rule.field,
    p_value
  from staging.claims as claim
  cross join reference.rules as rule
  where
    claim.claim_id = fixture.claim_id(p_claim) and rule.rule_code = p_rule_code;
end;

-- The business key of a staged claim, held by a claim in production.
create procedure fixture.add_registered(p_claim text, p_claim_id bigint)
language sql
begin atomic
  insert into queue.claim_registry
  (submitter_id, claim_number_token, frequency_code, claim_id, service_month)
  select
    claim.submitter_id,
    claim.claim_number_token,
    claim.frequency_code,
    p_claim_id,
    '2025-07-01' as service_month
  from staging.claims as claim
  where claim.claim_id = fixture.claim_id(p_claim);
end;

-- Both stages, for these batches in one call each.
create procedure fixture.process(variadic p_batches text[])
language plpgsql
as $$
declare
  v_batch_ids bigint[] := array(
    select batch.batch_id
    from fixture.batches as batch
    where batch.name = any(p_batches)
  );
begin
  perform validation.validate_batches(v_batch_ids);
  perform transfer.move_batches(v_batch_ids);
end;
$$;

-- Takes the staged claims away; truncating so many partitions would take long.
create procedure fixture.remove_claims()
language plpgsql
as $$
begin
  delete from staging.claim_findings;
  delete from staging.claim_lines;
  delete from staging.claims;
end;
$$;

-- What is found.

-- What one routine of schema validation finds in all batches, sorted.
create function fixture.findings(p_routine text)
returns table (claim text, line integer, rule_code text, field text, value text)
language plpgsql
stable
as $$
#variable_conflict use_column
begin
  return query execute format(
    $query$
      select
        named.name, finding.line_number::integer, finding.rule_code, finding.field,
        finding.value
      from validation.%I($1, $2) as finding
      left join fixture.claims as named on finding.claim_id = named.claim_id
      order by
        named.name collate "C", finding.line_number, finding.rule_code, finding.field,
        finding.value
    $query$,
    p_routine
  )
  using
    array(select batch.batch_id from queue.batches as batch),
    array(select distinct batch.received_on from queue.batches as batch);
end;
$$;

-- What validate_batches or move_batches left in staging.
create view fixture.staged_findings as
select
  named.name as claim,
  finding.line_number::integer as line,
  finding.rule_code,
  finding.disposition,
  finding.field,
  finding.value
from staging.claim_findings as finding
left join fixture.claims as named on finding.claim_id = named.claim_id;

-- What the error of a statement tells its user to do; null when it raises none.
create function fixture.hint_of(p_statement text)
returns text
language plpgsql
as $$
declare
  v_hint text;
begin
  execute p_statement;
  return null;
exception
  when others then
    get stacked diagnostics v_hint = pg_exception_hint;
    return v_hint;
end;
$$;

-- Scores come from outside the database. A test about them requires them again.
update queue.settings set scoring_required = false;

-- Starter data, if there are any, go, and these few rows come instead.
do $$
begin
  if exists (select from reference.releases) then
    truncate reference.releases cascade;
  end if;
end;
$$;

insert into vault.data_keys (purpose, wrapped_key, wrapping_key_check)
values ('phi', 'wrapped', 'check');

call fixture.add_release('rvu', 'standard', '2025-01-01', '2025-12-31');
call fixture.add_procedure('99213');
call fixture.add_procedure(
  '71046', p_work_rvu => 0.22, p_non_facility_pe_rvu => 0.77,
  p_facility_pe_rvu => 0.77, p_malpractice_rvu => 0.02, p_facility_na => true,
  p_pctc_indicator => '1'
);
call fixture.add_procedure(
  '71046', '26', p_work_rvu => 0.22, p_non_facility_pe_rvu => 0.08,
  p_facility_pe_rvu => 0.08, p_malpractice_rvu => 0.01, p_pctc_indicator => '1'
);
call fixture.add_procedure(
  '71046', 'TC', p_work_rvu => 0, p_non_facility_pe_rvu => 0.69,
  p_facility_pe_rvu => 0.69, p_malpractice_rvu => 0.01, p_facility_na => true,
  p_pctc_indicator => '1'
);

call fixture.add_release('gpci', 'standard', '2025-01-01', '2025-12-31');
call fixture.add_locality('10112', '00', null, 1.000, 0.869, 0.575);

call fixture.add_release('zip_locality', 'standard', '2025-01-01', '2025-12-31');
call fixture.add_zip('35203', '10112', '00');

call fixture.add_release('icd10cm', 'standard', '2025-01-01', '2025-12-31');
call fixture.add_diagnosis('E119');
call fixture.add_diagnosis('I10');

call fixture.add_release('place_of_service', 'standard', '2025-01-01', '2025-12-31');
call fixture.add_place_of_service('11', false);
call fixture.add_place_of_service('21', true);

call fixture.add_batch('batch');
