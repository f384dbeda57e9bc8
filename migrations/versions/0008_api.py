"""API clients, and what came in over HTTP."""

from alembic import op

revision = "0008"
down_revision = "0007"
branch_labels = None
depends_on = None

# Without parameters the driver sends the text as it stands, percent signs and all.
AS_WRITTEN = {"no_parameters": True}

UPGRADE = r"""
set local role claims_owner;

create table vault.api_clients (
  client_id integer generated always as identity primary key,
  name text not null unique check (name ~ '^[a-z0-9][a-z0-9_.-]{0,62}$'),
  submitter_id integer not null references queue.submitters,
  scopes text[] not null check (
    cardinality(scopes) > 0
    and scopes <@ array['claims:write', 'claims:read', 'phi:read', 'transfer', 'admin']
  ),
  token_hash bytea not null check (octet_length(token_hash) = 32),
  created_at timestamptz not null default now(),
  expires_at timestamptz not null check (expires_at > created_at),
  revoked_at timestamptz,
  last_used_at timestamptz
);
comment on table vault.api_clients is 'programs that may call the API, each for one submitter';
comment on column vault.api_clients.client_id is 'key of the client, part of its token';
comment on column vault.api_clients.name is 'name in logs and reports; never used again after a revocation';
comment on column vault.api_clients.submitter_id is 'whose claims it sends and sees';
comment on column vault.api_clients.scopes is 'what it may do: claims:write, claims:read, phi:read, transfer, admin';
comment on column vault.api_clients.token_hash is 'SHA-256 of the token, whose secret is 256 random bits';
comment on column vault.api_clients.created_at is 'when it was made';
comment on column vault.api_clients.expires_at is 'when its token stops working';
comment on column vault.api_clients.revoked_at is 'when it was revoked; null while it may be used';
comment on column vault.api_clients.last_used_at is 'when its token was last accepted, to the minute';

create table queue.requests (
  batch_id bigint primary key references queue.batches on delete cascade,
  client_id integer not null references vault.api_clients,
  request_sha256 bytea not null check (octet_length(request_sha256) = 32)
);
comment on table queue.requests is 'batches that came in over HTTP: by which client, and what makes the same request known again';
comment on column queue.requests.batch_id is 'batch that the request became';
comment on column queue.requests.client_id is 'client that sent it';
comment on column queue.requests.request_sha256 is 'hash of the decompressed body and its options: the same key with another one is a conflict';

reset role;
"""

DOWNGRADE = """
set local role claims_owner;

drop table queue.requests;
drop table vault.api_clients;

reset role;
"""


def upgrade() -> None:
    """Create the objects of this revision."""
    op.get_bind().exec_driver_sql(UPGRADE, execution_options=AS_WRITTEN)


def downgrade() -> None:
    """Drop the objects of this revision."""
    op.get_bind().exec_driver_sql(DOWNGRADE, execution_options=AS_WRITTEN)
