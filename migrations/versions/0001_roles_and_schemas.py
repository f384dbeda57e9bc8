"""The roles, and the schemas that hold data."""

from alembic import op

revision = "0001"
down_revision = None
branch_labels = None
depends_on = None

# Without parameters the driver sends the text as it stands, percent signs and all.
AS_WRITTEN = {"no_parameters": True}

UPGRADE = r"""
-- Roles belong to the cluster, so they are made when missing and outlive a
-- downgrade. None has a password; how they log in is the server's matter.
do $roles$
declare
  v_role record;
begin
  for v_role in
    select role.name, role.attributes
    from (values
      ('claims_owner', 'nologin'),
      ('claims_app', 'login'),
      ('claims_worker', 'login'),
      ('claims_operator', 'login'),
      ('claims_analyst', 'login')
    ) as role (name, attributes)
    where not exists (select from pg_catalog.pg_roles where rolname = role.name)
  loop
    execute format('create role %I %s', v_role.name, v_role.attributes);
  end loop;
  execute format(
    'grant create, connect, temporary on database %I to claims_owner', current_database()
  );
  execute format(
    'grant connect, temporary on database %I to claims_app, claims_worker, claims_operator, claims_analyst',
    current_database()
  );
  if not pg_has_role(current_user, 'claims_owner', 'member') then
    execute format('grant claims_owner to %I', current_user);
  end if;
end;
$roles$;

set local role claims_owner;

create schema reference;
comment on schema reference is 'releases of relative values, indices, code lists and edits, as published';
create schema staging;
comment on schema staging is 'claims on their way, one partition per day received';
create schema production;
comment on schema production is 'adjudicated claims, one partition per month of service';
create schema queue;
comment on schema queue is 'batches, submitters and settings';
create schema audit;
comment on schema audit is 'the record of who did what, append only';
create schema vault;
comment on schema vault is 'wrapped data keys';

reset role;
"""

DOWNGRADE = """
set local role claims_owner;

drop schema vault;
drop schema audit;
drop schema queue;
drop schema production;
drop schema staging;
drop schema reference;

reset role;
"""


def upgrade() -> None:
    """Create the objects of this revision."""
    op.get_bind().exec_driver_sql(UPGRADE, execution_options=AS_WRITTEN)


def downgrade() -> None:
    """Drop the objects of this revision."""
    op.get_bind().exec_driver_sql(DOWNGRADE, execution_options=AS_WRITTEN)
