from __future__ import annotations

import datetime as dt

import pyarrow as pa
import pytest

from ringfence.ingest.checks import check
from ringfence.ingest.convert import TIME

NOON = dt.datetime(2024, 7, 1, 12, tzinfo=dt.UTC)


def rows(
    start: dt.datetime | None, answer: dt.datetime | None = None, end: dt.datetime | None = None
) -> pa.Table:
    times = {"start_time": start, "answer_time": answer, "end_time": end}
    return pa.table({name: pa.array([value], TIME) for name, value in times.items()})


def seconds(count: float) -> dt.datetime:
    return NOON + dt.timedelta(seconds=count)


@pytest.mark.parametrize(
    ("times", "reason"),
    [
        ((NOON, seconds(5), seconds(60)), None),
        ((NOON,), None),
        ((NOON, None, NOON), None),
        ((None, NOON), "no_start_time"),
        ((NOON, None, seconds(-2)), "end_before_start"),
        ((NOON, seconds(-2)), "answer_before_start"),
        ((NOON, seconds(9), seconds(5)), "end_before_answer"),
        ((NOON.replace(year=1970),), "absurd_time"),
        ((NOON, NOON.replace(year=2200)), "absurd_time"),
        ((NOON, None, seconds(40 * 86_400)), "absurd_duration"),
    ],
)
def test_reasons(times: tuple[dt.datetime | None, ...], reason: str | None) -> None:
    assert check(rows(*times)).reasons.tolist() == [reason]


def test_rounding_is_mended() -> None:
    checked = check(rows(seconds(0.9), seconds(0.5), seconds(0.2)))
    assert checked.rounded == 1
    assert checked.reasons.tolist() == [None]
    assert set(checked.rows.to_pylist()[0].values()) == {seconds(0.9)}


def test_columns_that_are_absent() -> None:
    assert check(rows(NOON).select(["start_time"])).reasons.tolist() == [None]
