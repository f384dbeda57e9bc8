"""Rows of some submitters alone, for people who write SQL: row-level security in production."""

from alembic import op

revision = "0011"
down_revision = "0010"
branch_labels = None
depends_on = None

# Without parameters the driver sends the text as it stands, percent signs and all.
AS_WRITTEN = {"no_parameters": True}

UPGRADE = r"""
set local role claims_owner;

create table vault.login_submitters (
  login text not null,
  submitter_id integer not null references queue.submitters (submitter_id),
  primary key (login, submitter_id)
);
comment on table vault.login_submitters is 'logins that read the rows of some submitters alone; who is not named here, and has a role that reads, reads those of all';
comment on column vault.login_submitters.login is 'role that logs in (session_user)';
comment on column vault.login_submitters.submitter_id is 'a submitter whose rows it reads';

-- The policies stand in sql/, because they call its functions; without them nobody but the owner
-- reads a row. Not in staging: PostgreSQL refuses COPY into a table that has policies.
alter table production.claims enable row level security;
alter table production.claim_lines enable row level security;
alter table production.claim_findings enable row level security;
alter table production.claim_scores enable row level security;
alter table models.review_verdicts enable row level security;

reset role;
"""

DOWNGRADE = """
set local role claims_owner;

do $policies$
declare
  v_statement text;
begin
  for v_statement in
    select format('drop policy %I on %s', policy.polname, policy.polrelid::regclass)
    from pg_catalog.pg_policy as policy
    where policy.polrelid in (
      'production.claims'::regclass,
      'production.claim_lines'::regclass,
      'production.claim_findings'::regclass,
      'production.claim_scores'::regclass,
      'models.review_verdicts'::regclass
    )
  loop
    execute v_statement;
  end loop;
end;
$policies$;

alter table production.claims disable row level security;
alter table production.claim_lines disable row level security;
alter table production.claim_findings disable row level security;
alter table production.claim_scores disable row level security;
alter table models.review_verdicts disable row level security;
drop table vault.login_submitters;

reset role;
"""


def upgrade() -> None:
    """Create the objects of this revision."""
    op.get_bind().exec_driver_sql(UPGRADE, execution_options=AS_WRITTEN)


def downgrade() -> None:
    """Drop the objects of this revision."""
    op.get_bind().exec_driver_sql(DOWNGRADE, execution_options=AS_WRITTEN)
