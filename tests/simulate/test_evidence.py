"""What owners declare and what people report."""

from __future__ import annotations

import csv

from tests.simulate.conftest import Simulated


def rows(small: Simulated, name: str) -> list[dict[str, str]]:
    with (small.folder / name).open(encoding="utf-8") as file:
        return list(csv.DictReader(file))


def test_declared_calls_are_owners_own_and_sorted_by_time(small: Simulated) -> None:
    declared = rows(small, "declared.csv")
    assert list(declared[0]) == ["owner", "number", "called", "time"]
    times = [r["time"] for r in declared]
    assert times == sorted(times) and all(t.endswith("Z") for t in times)


def test_no_fraudulent_call_is_declared(small: Simulated) -> None:
    fraud = set(small.truth["call_id"].to_pylist())
    made = {
        (caller, called, str(start)[:16])
        for call, caller, called, start in zip(
            *(small.calls[c].to_pylist() for c in ("call_id", "caller", "called", "start_time")), strict=True
        )
        if call in fraud
    }
    for r in rows(small, "declared.csv"):
        assert (r["number"], r["called"], r["time"].replace("T", " ")[:16]) not in made


def test_reports_name_presented_numbers_and_seldom_the_called_one(small: Simulated) -> None:
    reports = rows(small, "reports.csv")
    assert list(reports[0]) == ["number", "called", "time", "text"]
    callers = set(small.calls["caller"].to_pylist())
    assert all(r["number"] in callers for r in reports)
    assert sum(r["called"] == "" for r in reports) > len(reports) / 2
