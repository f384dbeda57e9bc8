"""The worker: leases batches, runs their stages, and tries again what failed."""

from app.worker.service import Worker

__all__ = ["Worker"]
