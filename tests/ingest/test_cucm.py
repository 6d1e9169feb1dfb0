from __future__ import annotations

import datetime as dt
from typing import Any


def test_cdr_file(ingested: Any) -> None:
    calls, report = ingested("cucm.csv")
    assert report.files[0].format == "cucm"
    assert report.rejected == report.notes == {}
    first, second = calls
    assert first["start_time"] == dt.datetime(2024, 7, 1, 10, tzinfo=dt.UTC)
    assert first["answer_time"] == dt.datetime(2024, 7, 1, 10, 0, 5, tzinfo=dt.UTC)
    assert (first["caller"], first["called"], first["status"]) == ("+442079460101", "+447700900123", 200)
    assert (first["trunk"], first["egress_trunk"]) == ("SIP-trunk-carrier-a", "SEP001122334455")
    assert first["call_id"] == "8f3b2d6e-4a55-4f0e-8a0e-000000000001"
    assert first["sip_call_id"] == "C0A86401A1B2C3"
    assert second["answer_time"] is None
    assert second["status"] == 486


def test_addresses_are_signed_little_endian(ingested: Any) -> None:
    calls, _ = ingested("cucm.csv")
    assert [c["source_ip"] for c in calls] == ["192.0.2.131", "192.0.2.1"]


def test_a_redirection_to_the_called_number_itself_is_none(ingested: Any) -> None:
    calls, _ = ingested("cucm.csv")
    assert [c["diverted_from"] for c in calls] == [None, "+442079460150"]
