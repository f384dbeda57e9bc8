-- Every action there is. record_event refuses any other, so that a typo in a caller is
-- an error; a new action is a line here. Rows of audit.events outlive this list: an
-- action that nobody performs any more may go.
create view auditing.actions as
select
  action.action,
  action.area,
  action.outcome,
  action.discloses_phi,
  action.by_program,
  action.title
from (
  values
  (
    'batch.received', 'intake', 'succeeded', false, false,
    'a batch of claims was stored'
  ),
  (
    'claims.corrected', 'intake', 'succeeded', false, false,
    'corrected claims took the place of failed ones'
  ),
  (
    'batches.validated', 'stage', 'succeeded', false, false,
    'batches were validated'
  ),
  (
    'batches.scored', 'stage', 'succeeded', false, false,
    'batches were scored by a model'
  ),
  (
    'batches.transferred', 'stage', 'succeeded', false, false,
    'batches were priced and moved to production'
  ),
  (
    'batches.attempt_failed', 'stage', 'failed', false, false,
    'a stage failed and will be tried again'
  ),
  (
    'batches.failed', 'stage', 'failed', false, false,
    'a stage failed for good'
  ),
  (
    'batches.retried', 'stage', 'succeeded', false, false,
    'failed batches were put back on their way'
  ),
  (
    'batches.released', 'stage', 'succeeded', false, false,
    'held batches were let go on'
  ),
  (
    'claims.isolated', 'stage', 'failed', false, false,
    'claims that broke a stage were set aside'
  ),
  (
    'claims.retried', 'stage', 'succeeded', false, false,
    'failed claims were put back on their way'
  ),
  (
    'claim.reviewed', 'review', 'succeeded', false, false,
    'a person decided on a claim'
  ),
  (
    'model.registered', 'configuration', 'succeeded', false, false,
    'a model was registered'
  ),
  (
    'model.activated', 'configuration', 'succeeded', false, false,
    'a model began to score'
  ),
  (
    'release.loaded', 'configuration', 'succeeded', false, false,
    'a release of reference data was loaded'
  ),
  (
    'release.withdrawn', 'configuration', 'succeeded', false, false,
    'a release of reference data was withdrawn as a mistake'
  ),
  (
    'settings.changed', 'configuration', 'succeeded', false, false,
    'settings of the database were changed'
  ),
  (
    'submitter.added', 'client', 'succeeded', false, false,
    'a submitter was added'
  ),
  (
    'login.restricted', 'client', 'succeeded', false, false,
    'the submitters whose rows a login reads were changed'
  ),
  (
    'client.added', 'client', 'succeeded', false, false,
    'an API client was added'
  ),
  (
    'client.revoked', 'client', 'succeeded', false, false,
    'an API client was revoked'
  ),
  (
    'key.created', 'key', 'succeeded', false, true,
    'a data key was made'
  ),
  (
    'key.made', 'key', 'succeeded', false, false,
    'the first data key of a purpose was made'
  ),
  (
    'key.rotated', 'key', 'succeeded', false, false,
    'a new data key began to encrypt'
  ),
  (
    'keys.rewrapped', 'key', 'succeeded', false, false,
    'data keys were wrapped by another key'
  ),
  (
    'erasure_keys.made', 'key', 'succeeded', false, false,
    'the keys that an erasure destroys were made'
  ),
  (
    'erasure_keys.destroyed', 'key', 'succeeded', false, false,
    'keys were destroyed, and what they encrypt with them'
  ),
  (
    'patient.unlinked', 'key', 'succeeded', false, false,
    'the claims of an erased patient lost what tied them together'
  ),
  (
    'months.unlinked', 'key', 'succeeded', false, false,
    'the claims of erased months lost what tied them together'
  ),
  (
    'claims.searched', 'access', 'succeeded', false, false,
    'claims were looked for by a token'
  ),
  (
    'key.refused', 'key', 'refused', false, true,
    'the wrapping key did not open the data keys'
  ),
  (
    'claims.reencrypted', 'key', 'succeeded', false, false,
    'claims were encrypted under a newer key'
  ),
  (
    'claim.phi_shown', 'access', 'succeeded', true, true,
    'the patient data of a claim were decrypted and shown'
  ),
  (
    'claim.phi_refused', 'access', 'refused', false, true,
    'patient data did not decrypt: changed, moved, or of another key'
  ),
  (
    'login.refused', 'access', 'refused', false, true,
    'a client was refused'
  ),
  (
    'access.refused', 'access', 'refused', false, true,
    'a client was refused what it asked for'
  ),
  (
    'disclosures.accounted', 'access', 'succeeded', false, true,
    'an accounting of disclosures was given for a patient'
  ),
  (
    'audit.exported', 'access', 'succeeded', false, true,
    'the audit trail was exported'
  ),
  (
    'partitions.made', 'maintenance', 'succeeded', false, false,
    'partitions were made'
  ),
  (
    'partitions.dropped', 'maintenance', 'succeeded', false, false,
    'finished staging days were dropped'
  ),
  (
    'audit.month_archived', 'maintenance', 'succeeded', false, false,
    'a sealed month of the audit trail was detached'
  )
) as action (action, area, outcome, discloses_phi, by_program, title);

comment on view auditing.actions
is 'The actions that audit.events records: area, outcome, whether PHI leaves in clear, and whether a program may record it by itself (record_access) because no routine does.';
comment on column auditing.actions.action is 'name of the action, as events have it';
comment on column auditing.actions.area is 'what it is about';
comment on column auditing.actions.outcome is 'done, or refused';
comment on column auditing.actions.discloses_phi
is 'whether somebody saw what identifies a patient';
comment on column auditing.actions.by_program
is 'whether programs may record it by auditing.record_access';
comment on column auditing.actions.title is 'the action in words';
