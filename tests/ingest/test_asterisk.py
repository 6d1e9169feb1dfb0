from __future__ import annotations

import datetime as dt
from typing import Any

import pytest

UTC = dt.UTC


def test_master_csv(ingested: Any) -> None:
    calls, report = ingested("asterisk_master.csv", timezone="Europe/London")
    assert report.files[0].format == "asterisk"
    assert [c["status"] for c in calls] == [200, 480, 486]
    first = calls[0]
    assert first["call_id"] == "1719828000.31"
    assert first["start_time"] == dt.datetime(2024, 7, 1, 9, tzinfo=UTC)
    assert first["answer_time"] == dt.datetime(2024, 7, 1, 9, 0, 5, tzinfo=UTC)
    assert first["end_time"] == dt.datetime(2024, 7, 1, 9, 6, tzinfo=UTC)
    assert (first["caller"], first["called"]) == ("+442079460101", "+447700900123")
    assert (first["trunk"], first["egress_trunk"]) == ("carrier-a", "subscriber")
    assert calls[1]["account"] == "retail"
    assert calls[1]["answer_time"] is None
    # extension s is no number
    assert report.rejected == {"bad_called_number": 1}
    assert report.notes == {}


def test_local_times_without_zone_are_noted(ingested: Any) -> None:
    _, report = ingested("asterisk_16_columns.csv")
    assert report.notes == {"time_without_zone": 3}


@pytest.mark.parametrize("name", ["asterisk_16_columns.csv", "asterisk_mysql.csv"])
def test_variants_read_the_same_call(ingested: Any, name: str) -> None:
    calls, report = ingested(name, timezone="+00:00")
    assert report.files[0].format == "asterisk"
    call = calls[0]
    assert call["start_time"] == dt.datetime(2024, 7, 1, 10, tzinfo=UTC)
    assert call["answer_time"] == dt.datetime(2024, 7, 1, 10, 0, 5, tzinfo=UTC)
    assert call["end_time"] == dt.datetime(2024, 7, 1, 10, 6, tzinfo=UTC)
    assert (call["caller"], call["called"], call["trunk"]) == ("+442079460101", "+447700900123", "carrier-a")


def test_billsec_of_zero_is_not_answered(ingested: Any) -> None:
    calls, _ = ingested("asterisk_mysql.csv", timezone="UTC")
    assert calls[1]["answer_time"] is None
