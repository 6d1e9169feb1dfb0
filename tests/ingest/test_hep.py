from __future__ import annotations

from pathlib import Path

from hypothesis import given
from hypothesis import strategies as st
from tests.fuzz.fuzz_hep import one_input
from tests.ingest.wire import START, hep, whole_call, written

from ringfence.ingest.hep import FORMAT

FILE = b"".join(hep(message, START + round(after * 1e6)) for after, message in whole_call())


def test_a_file_of_packets(tmp_path: Path) -> None:
    assert FORMAT.recognises(FILE[:64], Path("x"))
    (batch,) = FORMAT.read(written(tmp_path, FILE))
    assert not batch.rejects
    (row,) = batch.rows.to_pylist()
    assert row["source_ip"] == "192.0.2.1" and row["status"] == 200
    assert (row["end_time"] - row["answer_time"]).total_seconds() == 60


def test_cut_and_damaged_files(tmp_path: Path) -> None:
    (batch,) = FORMAT.read(written(tmp_path, FILE[:-5]))
    assert batch.rows.num_rows == 1
    assert [(r.reason, r.position) for r in batch.rejects] == [("truncated_packet", 7)]
    (batch,) = FORMAT.read(written(tmp_path, FILE + b"rubbish"))
    assert batch.rows.num_rows == 1 and [r.reason for r in batch.rejects] == ["corrupt_packet"]
    (batch,) = FORMAT.read(written(tmp_path, b"HEP3\x00\x0a\x00\x00\x00\x00" + FILE))
    assert batch.rows.num_rows == 1 and [r.reason for r in batch.rejects] == ["bad_hep"]


@given(st.binary(max_size=300))
def test_any_bytes_are_survived(data: bytes) -> None:
    one_input(data)
    one_input(FILE[:300] + data)
