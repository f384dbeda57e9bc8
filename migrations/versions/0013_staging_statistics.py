"""What staging partitions were when they were analysed, kept in the transaction that did it."""

from alembic import op

revision = "0013"
down_revision = "0012"
branch_labels = None
depends_on = None

# Without parameters the driver sends the text as it stands, percent signs and all.
AS_WRITTEN = {"no_parameters": True}

UPGRADE = r"""
set local role claims_owner;

create table queue.staging_statistics (
  partition_name text primary key,
  bytes bigint not null,
  analyzed_at timestamptz not null default now()
);
comment on table queue.staging_statistics is 'staging partitions that were analysed; what pg_class says of that survives a rollback, the statistics do not';
comment on column queue.staging_statistics.partition_name is 'partition, in the schema staging';
comment on column queue.staging_statistics.bytes is 'its size then';
comment on column queue.staging_statistics.analyzed_at is 'when it was analysed last';

reset role;
"""

DOWNGRADE = """
set local role claims_owner;
drop table queue.staging_statistics;
reset role;
"""


def upgrade() -> None:
    """Create the objects of this revision."""
    op.get_bind().exec_driver_sql(UPGRADE, execution_options=AS_WRITTEN)


def downgrade() -> None:
    """Drop the objects of this revision."""
    op.get_bind().exec_driver_sql(DOWNGRADE, execution_options=AS_WRITTEN)
