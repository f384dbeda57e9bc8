-- Sealing: reads the trail and appends seals.
grant usage on schema audit to claims_sealer;
grant select on audit.events to claims_sealer;
grant select, insert on audit.seals to claims_sealer;
