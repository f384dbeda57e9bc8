"""A PostgreSQL server of one's own: private, tuned for the machine, kept between runs."""

from pathlib import Path

from app.embedded.binaries import wheel_bin_dir
from app.embedded.cluster import DATABASE, PORT, SUPERUSER, Cluster, ServerStatus

__all__ = ["DATABASE", "PORT", "SUPERUSER", "Cluster", "ServerStatus", "default_cluster"]


def default_cluster(home: Path) -> Cluster:
    """Give the cluster that keeps its data in `home` and runs the wheel's PostgreSQL."""
    return Cluster(wheel_bin_dir(), home)
