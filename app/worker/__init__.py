"""The worker: leases batches, runs their stages, and tries again what failed."""

from app.worker.service import Worker
from app.worker.stages import Stage, StageResult, stages_of

__all__ = ["Stage", "StageResult", "Worker", "stages_of"]
