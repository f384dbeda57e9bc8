"""Releases that end with the year they are published for, and that can be withdrawn."""

from alembic import op

revision = "0016"
down_revision = "0015"
branch_labels = None
depends_on = None

# Without parameters the driver sends the text as it stands, percent signs and all.
AS_WRITTEN = {"no_parameters": True}

UPGRADE = r"""
set local role claims_owner;

alter table reference.releases
add column withdrawn_at timestamptz,
add column withdrawn_by text,
add column withdrawn_reason text check (withdrawn_reason <> ''),
add check ((withdrawn_at is null) = (withdrawn_reason is null)),
add check ((withdrawn_at is null) = (withdrawn_by is null));
comment on column reference.releases.valid_to is 'last date of service the release is for; null until superseded, of lists that are not published for a year';
comment on column reference.releases.withdrawn_at is 'when it was withdrawn as a mistake; null while it holds';
comment on column reference.releases.withdrawn_by is 'database login that withdrew it';
comment on column reference.releases.withdrawn_reason is 'why it was withdrawn';

-- A content that was withdrawn can be loaded again, as another release.
drop index reference.releases_content_key;
create unique index releases_content_key on reference.releases (kind, qpp_status, file_sha256, valid_from, coalesce(valid_to, 'infinity')) where withdrawn_at is null;

-- A fee schedule is for the calendar year that it is published for.
update reference.releases
set valid_to = make_date(extract(year from valid_from)::integer, 12, 31)
where kind in ('rvu', 'gpci', 'anesthesia_cf', 'opps_cap') and valid_to is null;

reset role;
"""

DOWNGRADE = """
set local role claims_owner;

delete from reference.periods_in_force as period
using reference.releases as release
where period.release_id = release.release_id and release.withdrawn_at is not null;
drop index reference.releases_content_key;
create unique index releases_content_key on reference.releases (kind, qpp_status, file_sha256, valid_from, coalesce(valid_to, 'infinity'), release_id);
alter table reference.releases
drop column withdrawn_at,
drop column withdrawn_by,
drop column withdrawn_reason;
comment on column reference.releases.valid_to is 'last date of service the release is for; null until superseded';

reset role;
"""


def upgrade() -> None:
    """Create the objects of this revision."""
    op.get_bind().exec_driver_sql(UPGRADE, execution_options=AS_WRITTEN)


def downgrade() -> None:
    """Drop the objects of this revision."""
    op.get_bind().exec_driver_sql(DOWNGRADE, execution_options=AS_WRITTEN)
