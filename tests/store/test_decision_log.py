"""What was acknowledged is on the log, whenever the process dies."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest

from ringfence.errors import RingfenceError
from ringfence.model.decision import Decision
from ringfence.store.decision_log import DecisionLog, read_segment, recover


def row(i: int) -> Decision:
    return Decision(
        call_id=f"r{i}", start_time=1_772_366_400_000_000 + i, called="+447700900123", caller="+442079460001",
        fingerprint_parts=("a:1",), action="block", signals=("unsigned",), sip_status=603,
    )  # fmt: skip


def rows_in(folder: Path) -> list[str]:
    found = [read_segment(path)[0] for path in sorted(folder.iterdir())]
    return [one.call_id for rows in found for one in rows]


def test_written_and_read(tmp_path: Path) -> None:
    with DecisionLog(tmp_path / "log", segment_bytes=2000) as log:
        for i in range(20):
            log.append(row(i))
        assert rows_in(tmp_path / "log") == [f"r{i}" for i in range(20)]


def test_a_torn_line_is_left_out_and_counted(tmp_path: Path) -> None:
    with DecisionLog(tmp_path) as log:
        for i in range(3):
            log.append(row(i))
    segment = next(tmp_path.glob("*.log"))
    whole = segment.read_bytes()
    segment.write_bytes(whole[:-20])
    assert (rows_in(tmp_path), read_segment(segment)[1]) == (["r0", "r1"], 1)
    segment.write_bytes(whole.replace(b"r1", b"r9"))
    assert (rows_in(tmp_path), read_segment(segment)[1]) == (["r0", "r2"], 1)


def test_segments_grow_old(tmp_path: Path) -> None:
    with DecisionLog(tmp_path, segment_seconds=0.05, sync_seconds=0.02) as log:
        log.append(row(1))
        end = time.monotonic() + 10
        while not list(tmp_path.glob("*.log")) and time.monotonic() < end:
            time.sleep(0.02)
        assert rows_in(tmp_path) == ["r1"] and list(tmp_path.glob("*.log"))


def test_the_segment_of_a_process_that_runs_is_let_alone(tmp_path: Path) -> None:
    with DecisionLog(tmp_path) as log:
        log.append(row(1))
        assert recover(tmp_path) == []
        with DecisionLog(tmp_path, "other"):
            assert len(list(tmp_path.glob("*.open"))) == 2


_WRITER = """
import sys
from pathlib import Path
from ringfence.store.decision_log import DecisionLog
from ringfence.model.decision import Decision
with DecisionLog(Path(sys.argv[1]), segment_bytes=20_000) as log:
    for i in range(10**9):
        log.append(Decision(call_id=f"r{i}", start_time=i))
        print(i, flush=True)
"""


@pytest.mark.parametrize("wait", [0.0, 0.05, 0.2])
def test_kill_9_loses_nothing_that_was_acknowledged(tmp_path: Path, wait: float) -> None:
    writer = subprocess.Popen(
        [sys.executable, "-c", _WRITER, str(tmp_path)], stdout=subprocess.PIPE, text=True
    )
    assert writer.stdout is not None
    acknowledged = [writer.stdout.readline()]
    time.sleep(wait)
    os.kill(writer.pid, signal.SIGKILL)
    acknowledged += writer.stdout.read().splitlines()
    writer.wait()
    last = int([a for a in acknowledged if a.strip()][-1])
    recover(tmp_path)
    assert not list(tmp_path.glob("*.open"))
    found = rows_in(tmp_path)
    assert found[: last + 1] == [f"r{i}" for i in range(last + 1)]


def test_a_folder_that_cannot_be_written(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("")
    with pytest.raises(RingfenceError, match="decision log"):
        DecisionLog(tmp_path / "file")
