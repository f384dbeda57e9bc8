"""A million audit events are sealed and verified; the seconds are shown."""

from collections.abc import Callable
from pathlib import Path
from typing import Final

import pytest

from tests.audit_support import sealed, tamper, use_audit, verified
from tests.servers import Server

EVENTS: Final = 1_000_000

# In the transactions that the server has had: as many to each as a busy stage writes.
WRITE_MILLION: Final = """
insert into audit.events (
  transaction_id, action, outcome, client, origin, submitter_id, batch_ids, first_claim_id,
  last_claim_id, detail
)
select
  (3 + number / 2000)::text::xid8,
  'batches.validated',
  'succeeded',
  'clinic-' || number %% 7,
  '203.0.113.' || number %% 250,
  1,
  array[number, number + 1],
  number * 5000,
  number * 5000 + 9999,
  jsonb_build_object('claims', 10000, 'failed', number %% 17, 'findings', number %% 91)
from generate_series(1::bigint, %s) as number"""


def test_a_million_events(
    postgres18: Server,
    monkeypatch: pytest.MonkeyPatch,
    tmp_path: Path,
    record_property: Callable[[str, object], None],
) -> None:
    with postgres18.database(postgres18.migrated) as database:
        database.use(monkeypatch, tmp_path)
        use_audit(monkeypatch, tmp_path)
        with database.connect() as conn:
            conn.execute(WRITE_MILLION, [EVENTS])
        assert sealed().events >= EVENTS
        found = verified()
        assert (found.problems, found.unsealed) == ([], 0)
        assert found.events >= EVENTS
        record_property("seconds to verify a million events", f"{found.seconds:.1f}")

        # One changed among them is told from all others, and no slower.
        tamper(database, "update audit.events set purpose = 'x' where first_claim_id = 2500000000")
        found = verified()
        assert [(problem.kind, len(problem.event_ids)) for problem in found.problems] == [
            ("event_changed", 1)
        ]
        record_property("the same, one of them changed", f"{found.seconds:.1f}")
