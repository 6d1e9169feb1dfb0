from __future__ import annotations

import datetime as dt
import re
import xml.etree.ElementTree as ET

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ringfence.console import charts

DAY = dt.date(2026, 10, 5)
SVG = "{http://www.w3.org/2000/svg}"


def _parse(markup: str) -> ET.Element:
    return ET.fromstring(markup)


def test_timeline_has_a_mark_for_each_day_and_platform() -> None:
    first = charts.Series("P-1", 0, {DAY: 10, DAY + dt.timedelta(days=2): 30})
    second = charts.Series("P-2", 1, {DAY: 5})
    drawn = _parse(charts.timeline([first, second]))
    tips = [mark.get("data-tip") for mark in drawn.iter("rect")]
    assert tips == ["P-1, 5 Oct 2026: 10 calls", "P-2, 5 Oct 2026: 5 calls", "P-1, 7 Oct 2026: 30 calls"]
    assert drawn.get("aria-label")


def test_a_long_timeline_goes_by_week_and_loses_no_call() -> None:
    days = {DAY + dt.timedelta(days=i): 2 for i in range(400)}
    drawn = _parse(charts.timeline([charts.Series("P-1", 0, days)]))
    tips = [mark.get("data-tip") or "" for mark in drawn.iter("rect")]
    assert len(tips) == 58
    assert sum(int(re.search(r": (\d+) calls", tip)[1]) for tip in tips) == 800  # type: ignore[index]


@given(st.lists(st.integers(1, 10**7), min_size=1, max_size=30))
def test_marks_stay_inside_the_picture(counts: list[int]) -> None:
    days = {DAY + dt.timedelta(days=i): n for i, n in enumerate(counts)}
    drawn = _parse(charts.timeline([charts.Series("P", 0, days)]))
    for mark in drawn.iter("rect"):
        assert float(mark.get("y", "")) >= 0
        assert float(mark.get("y", "")) + float(mark.get("height", "")) <= 240


def test_nothing_draws_nothing() -> None:
    assert charts.timeline([]) == charts.week({}) == ""
    assert charts.bands(["a"], [0], title="none") == ""
    assert charts.split([("a", 0, "x")], title="none") == ""
    assert charts.spark({}, DAY, DAY) == ""


def test_week_and_bands_carry_their_values() -> None:
    drawn = _parse(charts.week({(1, 9): 4, (7, 23): 1}))
    tips = {mark.get("data-tip") for mark in drawn.iter("rect")}
    assert len(tips) == 168
    assert "Mon 09:00 to 09:59 UTC: 4 calls" in tips
    assert "300 · 75 %" in charts.bands(["short", "long"], [300, 100], title="Talk")


@pytest.mark.parametrize("hostile", ["<script>x</script>", '"><img src=x onerror=y>'])
def test_names_are_escaped(hostile: str) -> None:
    drawn = charts.timeline([charts.Series(hostile, 0, {DAY: 1})])
    assert hostile not in drawn
    assert hostile in (_parse(drawn).find("rect").get("data-tip") or "")  # type: ignore[union-attr]


def test_a_meter_is_clipped_and_a_spark_covers_its_span() -> None:
    assert 'width="64.0"' in charts.meter(7.0)
    assert 'width="0.0"' in charts.meter(None)
    span = {DAY + dt.timedelta(days=i): 1 for i in range(365)}
    assert len(list(_parse(charts.spark(span, DAY, DAY + dt.timedelta(days=364))).iter("rect"))) == 40
