"""The registry of business keys, beside the queue: it stays where transfers are decided."""

from alembic import op

revision = "0017"
down_revision = "0016"
branch_labels = None
depends_on = None

# Without parameters the driver sends the text as it stands, percent signs and all.
AS_WRITTEN = {"no_parameters": True}

# A partition does not follow its table into another schema by itself.
MOVE = """
set local role claims_owner;
alter table {here}.claim_registry set schema {there};
alter table {here}.claim_registry_0 set schema {there};
alter table {here}.claim_registry_1 set schema {there};
alter table {here}.claim_registry_2 set schema {there};
alter table {here}.claim_registry_3 set schema {there};
reset role;
"""


def upgrade() -> None:
    """Take it out of production, which may be a database of its own one day."""
    op.get_bind().exec_driver_sql(
        MOVE.format(here="production", there="queue"), execution_options=AS_WRITTEN
    )


def downgrade() -> None:
    """Put it back."""
    op.get_bind().exec_driver_sql(
        MOVE.format(here="queue", there="production"), execution_options=AS_WRITTEN
    )
