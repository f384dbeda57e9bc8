-- The code schemas hold routines and views, never data, so that dropping them
-- loses nothing and leaves no orphan of an older version behind.
drop schema if exists catalogue cascade;
drop schema if exists pipeline cascade;
drop schema if exists validation cascade;
drop schema if exists pricing cascade;
drop schema if exists adjudication cascade;
drop schema if exists transfer cascade;
drop schema if exists scoring cascade;
drop schema if exists maintenance cascade;
drop schema if exists auditing cascade;
drop schema if exists access cascade;
drop schema if exists keys cascade;
drop schema if exists analysis cascade;

create schema catalogue;
create schema pipeline;
create schema validation;
create schema pricing;
create schema adjudication;
create schema transfer;
create schema scoring;
create schema maintenance;
create schema auditing;
create schema access;
create schema keys;
create schema analysis;

comment on schema catalogue is 'Code lists: what the codes of rules, reasons and steps mean.';
comment on schema pipeline is 'Intake, processing and status: what programs and people call.';
comment on schema validation is 'The edits, one routine each, and the stage that runs them.';
comment on schema pricing is 'Allowed amounts by the Medicare physician fee schedule.';
comment on schema adjudication is 'What becomes of lines and claims: status, decision and the codes that say why.';
comment on schema transfer is 'The move from staging to production.';
comment on schema scoring is 'Features, scores, reviews and models.';
comment on schema maintenance is 'Partitions, reference releases, submitters.';
comment on schema auditing is 'Writing the audit trail, and finding in it.';
comment on schema access is 'API clients, and the rows that each may see.';
comment on schema keys is 'Data keys and erasure keys: made, rotated, destroyed; search by token.';
comment on schema analysis is 'What people read who write SQL: production without PHI ciphertext.';
