from __future__ import annotations

import datetime as dt
import json
from pathlib import Path
from typing import Any

import pyarrow.parquet as pq
from hypothesis import given
from hypothesis import strategies as st
from tests.ingest.conftest import VECTORS

from ringfence.ingest.freeswitch_json import FORMAT


def test_one_call_a_file(ingested: Any) -> None:
    ((call,), report) = ingested("freeswitch_one.json")
    assert report.files[0].format == "freeswitch-json"
    assert call["start_time"] == dt.datetime(2024, 7, 1, 10, 0, 0, 123456, tzinfo=dt.UTC)
    assert (call["caller"], call["called"], call["status"]) == ("+442079460101", "+447700900123", 200)
    assert call["sip_call_id"] == "0b1f7a46-6a62-4c1e-9d7c-5f6f0a3b1c01@192.0.2.7"
    assert call["user_agent"] == "PolycomVVX-VVX_410/5.9"
    assert (call["source_ip"], call["trunk"], call["account"]) == ("192.0.2.7", "external", "retail")


def test_lines_with_a_broken_one(ingested: Any) -> None:
    calls, report = ingested("freeswitch_lines.json")
    assert [c["status"] for c in calls] == [200, 487]
    assert calls[1]["answer_time"] is None
    assert report.rejected == {"bad_json": 1}


def test_a_call_without_a_time_keeps_what_was_written(ingested: Any, tmp_path: Path) -> None:
    one = (VECTORS / "freeswitch_one.json").read_text()
    variables = json.loads(one)["variables"] | {"start_uepoch": "+447700900100", "start_epoch": ""}
    file = tmp_path / "calls.json"
    file.write_text(one.rstrip() + "\n" + json.dumps(json.loads(one) | {"variables": variables}))
    calls, report = ingested(file)
    assert (len(calls), report.rejected) == (1, {"bad_start_time": 1})
    (row,) = pq.read_table(tmp_path / "out" / "rejected.parquet").to_pylist()
    assert row["detail"] == "'+44•••••••••' is not a time"
    assert json.loads(row["raw"])["start_uepoch"] == "+447700900100"


def test_an_array_and_a_bom(ingested: Any, tmp_path: Path) -> None:
    one = json.loads((VECTORS / "freeswitch_one.json").read_text())
    file = tmp_path / "array.json"
    file.write_bytes(b"\xef\xbb\xbf" + json.dumps([one, one, {"other": 1}]).encode())
    calls, report = ingested(file)
    assert len(calls) == 1
    assert report.rejected == {"bad_json": 1, "duplicate_row": 1}


def test_a_cut_file_gives_what_was_whole(ingested: Any, tmp_path: Path) -> None:
    whole = (VECTORS / "freeswitch_lines.json").read_bytes()
    file = tmp_path / "cut.json"
    file.write_bytes(whole[:-40])
    calls, report = ingested(file)
    assert len(calls) == 1
    assert report.rejected == {"bad_json": 2}


@given(st.binary(max_size=400))
def test_any_bytes_end_in_batches(tmp_path_factory: Any, data: bytes) -> None:
    file = tmp_path_factory.mktemp("json") / "any.json"
    file.write_bytes(data)
    for batch in FORMAT.read(file):
        assert batch.rows.num_columns
