from __future__ import annotations

import datetime as dt
from pathlib import Path
from typing import Any

import pytest

from ringfence.ingest.record_csv import FORMAT


@pytest.mark.parametrize(
    ("header", "ours"),
    [
        (b"start_time,called\n", True),
        (b"CALLED;x;Start_Time\n1;2;3\n", True),
        (b"call_id,start_time,caller\n", False),
        (b"called\n", False),
    ],
)
def test_recognised_by_its_header(header: bytes, ours: bool) -> None:
    assert FORMAT.recognises(header, Path("x")) is ours


def test_every_column(ingested: Any, tmp_path: Path) -> None:
    values = {
        "call_id": "c1", "sip_call_id": "s@h",
        "start_time": "2024-07-01T12:00:00Z", "answer_time": "2024-07-01T12:00:05Z",
        "end_time": "2024-07-01T12:06:00Z",
        "caller": "+442079460101", "network_number": "+447700900124",
        "called": "+447700900123", "diverted_from": "+447700900125",
        "trunk": "t", "account": "a", "carrier": "c", "egress_trunk": "e", "next_carrier": "n",
        "ingress": "international", "roaming": "true", "status": "200",
        "attestation": "A", "verstat": "TN-Validation-Passed", "origid": "o", "signer": "s",
        "user_agent": "u", "fingerprint": "ab12", "fingerprint_parts": '["a:1", "b:2"]',
        "source_ip": "192.0.2.1", "imei_tac": "35555500", "imsi_token": "t1", "cell": "x",
    }  # fmt: skip
    file = tmp_path / "all.csv"
    quoted = ['"' + value.replace('"', '""') + '"' for value in values.values()]
    file.write_text(",".join(values) + "\n" + ",".join(quoted) + "\n")
    ((call,), report) = ingested(file)
    assert report.notes == {}
    expected: dict[str, Any] = dict(values)
    expected |= {"roaming": True, "status": 200, "fingerprint_parts": ["a:1", "b:2"]}
    for name in ("start_time", "answer_time", "end_time"):
        expected[name] = dt.datetime.fromisoformat(values[name])
    assert call == expected
