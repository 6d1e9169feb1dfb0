"""Real programs on loopback: every call that was made is found in what dumpcap saw, as it was made."""

from __future__ import annotations

from pathlib import Path

import pytest
from tests.peers.live_capture import OUTCOMES, called, caller, missing_programs, record

from ringfence.ingest.pcapng import FORMAT

CALLS = 6


@pytest.mark.peers
@pytest.mark.parametrize("transport", ["udp", "tcp", "udp6"])
def test_every_call_is_found(tmp_path: Path, transport: str) -> None:
    if absent := missing_programs():
        pytest.skip(f"not installed: {', '.join(absent)}")
    path = tmp_path / "capture.pcapng"
    record(path, transport, CALLS)
    batches = list(FORMAT.read(path))
    assert [reject for batch in batches for reject in batch.rejects] == []
    rows = [row for batch in batches for row in batch.rows.to_pylist()]
    found = {(row["caller"], row["called"]): row for row in rows}
    assert len(rows) == len(found) == CALLS * len(OUTCOMES)
    for outcome in OUTCOMES:
        for index in range(CALLS):
            row = found[caller(index), called(outcome, index)]
            assert row["status"] == outcome.status
            assert row["network_number"] == "+442079460199" and row["trunk"] == "loopback-1"
            assert row["user_agent"] == "Drama Phone/1.2"
            assert row["end_time"] is not None
            if outcome.talk is None:
                assert row["answer_time"] is None
            else:
                talk = (row["end_time"] - row["answer_time"]).total_seconds()
                assert talk == pytest.approx(outcome.talk, abs=0.5)
    assert len({row["fingerprint"] for row in rows}) == 1
    assert {row["source_ip"] for row in rows} == {"::1" if transport == "udp6" else "127.0.0.1"}
