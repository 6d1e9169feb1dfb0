from __future__ import annotations

import datetime as dt
from pathlib import Path
from typing import Any

import pytest

from ringfence.ingest import acc


def at(hour: int, minute: int, second: int = 0, micro: int = 0) -> dt.datetime:
    return dt.datetime(2024, 7, 1, hour, minute, second, micro, tzinfo=dt.UTC)


def test_kamailio_invites_and_byes_are_one_call(ingested: Any) -> None:
    calls, report = ingested("kamailio_acc.csv", timezone="UTC")
    assert report.files[0].format == "acc"
    by_id = {c["sip_call_id"].split("@")[0]: c for c in calls}
    first = by_id["call-1"]
    assert (first["start_time"], first["answer_time"], first["end_time"]) == (
        at(10, 0, 5),
        at(10, 0, 5),
        at(10, 6),
    )
    assert (first["caller"], first["called"], first["status"]) == ("+442079460101", "+447700900123", 200)
    assert first["source_ip"] == "192.0.2.7"
    assert (by_id["call-2"]["status"], by_id["call-2"]["answer_time"]) == (487, None)
    # busy on one branch, answered on the next: one answered call that began with the first
    third = by_id["call-3"]
    assert (third["status"], third["start_time"], third["answer_time"]) == (200, at(10, 3), at(10, 3, 20))
    assert report.rejected == {"bye_without_invite": 1}
    assert report.notes == {"not_a_call": 1, "part_of_a_call": 3, "end_not_recorded": 1}


def test_opensips_durations_need_no_bye(ingested: Any) -> None:
    calls, report = ingested("opensips_acc.tsv", timezone="UTC")
    assert report.files[0].format == "acc"
    answered, busy = sorted(calls, key=lambda c: c["start_time"])
    assert (answered["start_time"], answered["answer_time"]) == (at(10, 0), at(10, 0, 5))
    assert answered["end_time"] == at(10, 6, 0, 250_000)
    assert (answered["caller"], answered["called"]) == ("+442079460101", "+447700900123")
    assert (busy["caller"], busy["status"], busy["end_time"]) == (None, 486, at(10, 1))


def test_calls_that_wait_too_long_go_out_without_their_end(
    ingested: Any, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(acc, "WAITING", 2)
    monkeypatch.setattr("ringfence.ingest.delimited.BLOCK", 512)
    lines = ["method,from_tag,callid,sip_code,time,dst_user"]
    lines += [f"INVITE,a,c{n},200,2024-07-01 10:00:00,07700900123" for n in range(100)]
    lines += [f"BYE,a,c{n},200,2024-07-01 10:05:00,07700900123" for n in range(100)]
    file = tmp_path / "acc.csv"
    file.write_text("\n".join(lines))
    calls, report = ingested(file, timezone="UTC")
    assert len(calls) == 100
    assert report.notes["end_not_recorded"] > 50
    assert report.rejected["bye_without_invite"] == report.notes["end_not_recorded"]


def test_a_bye_before_its_invite(ingested: Any, tmp_path: Path) -> None:
    file = tmp_path / "acc.csv"
    file.write_text(
        "method,from_tag,callid,sip_code,time,dst_user\n"
        "BYE,a,c,200,2024-07-01 10:05:00,\n"
        "INVITE,a,c,200,2024-07-01 10:00:00,07700900123\n"
    )
    ((call,), _) = ingested(file, timezone="UTC")
    assert call["end_time"] == at(10, 5)
