from __future__ import annotations

import datetime as dt
from typing import Any


def test_example_template(ingested: Any) -> None:
    calls, report = ingested("freeswitch_example.csv", timezone="Europe/London")
    assert report.files[0].format == "freeswitch-csv"
    assert report.rejected == report.notes == {}
    assert [c["status"] for c in calls] == [200, 487, 486]
    assert calls[0]["call_id"] == "0b1f7a46-6a62-4c1e-9d7c-5f6f0a3b1c01"
    assert calls[0]["answer_time"] == dt.datetime(2024, 7, 1, 9, 0, 5, tzinfo=dt.UTC)
    assert calls[0]["account"] == "retail"
    assert calls[1]["answer_time"] is None


def test_snom_template_with_its_stray_space(ingested: Any) -> None:
    ((call,), report) = ingested("freeswitch_snom.csv", timezone="UTC")
    assert report.files[0].format == "freeswitch-csv"
    assert (call["account"], call["user_agent"]) == ("retail", "snom370/8.7.5")


def test_asterisk_template(ingested: Any) -> None:
    ((call,), report) = ingested("freeswitch_asterisk.csv", timezone="UTC")
    assert report.files[0].format == "freeswitch-csv"
    assert (call["caller"], call["called"], call["status"]) == ("+442079460101", "+447700900123", 200)
    assert call["trunk"] == "sofia/external/02079460101@192.0.2.7"
