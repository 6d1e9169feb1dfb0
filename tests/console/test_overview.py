from __future__ import annotations

import shutil
from pathlib import Path

import pyarrow as pa
import pyarrow.parquet as pq

from ringfence.console.overview import (
    TALK_EDGES,
    TALK_LABELS,
    calls_by_day,
    listing,
    overview,
    platform_colours,
    platform_view,
    posed_as,
    ranked_platforms,
)
from ringfence.store.run import Run


def test_platforms_are_ranked_by_certainty(found_run: Path) -> None:
    with Run.open(found_run) as run:
        ranked = ranked_platforms(run)
    assert [row["platform"] for row in ranked] == ["P-7f3a", "P-21bc", "P-c904"]
    assert platform_colours(ranked) == {"P-7f3a": 0, "P-21bc": 1, "P-c904": 2}


def test_overview_agrees_with_the_summary(found_run: Path) -> None:
    with Run.open(found_run) as run:
        seen = overview(run, most_owners=2)
        counts = run.summary.counts
        assert seen.tiers["likely"] == counts.victims.likely
        assert sum(sum(days.values()) for days in seen.days.values()) == counts.flagged_calls
    assert len(seen.owners.rows) == 2
    assert seen.owners.more == seen.owners.total - 2 > 0
    assert seen.span is not None
    assert "<svg" in seen.timeline
    assert "<svg" in seen.network


def test_a_withheld_number_is_no_presented_number(found_run: Path, tmp_path: Path) -> None:
    folder = shutil.copytree(found_run, tmp_path / "run")
    calls = pq.read_table(folder / "flagged_calls.parquet")
    callers = calls["caller"].to_pylist()
    withheld = pa.array([None, *callers[1:]], pa.string())
    pq.write_table(
        calls.set_column(calls.schema.get_field_index("caller"), calls.schema.field("caller"), withheld),
        folder / "flagged_calls.parquet",
    )
    with Run.open(folder) as run:
        assert overview(run).identities == len(set(callers[1:]))


def test_a_platform_in_full(found_run: Path) -> None:
    with Run.open(found_run) as run:
        row = ranked_platforms(run)[1]
        view = platform_view(run, row, 2, most=3)
        assert (view.name, view.colour) == ("P-21bc", 1)
        assert sum(view.days.values()) == sum(view.hours.values()) == row["calls"]
        assert sum(view.talk.values) == view.answered
        assert {r["campaign"] for r in view.campaigns.rows} == {"P-21bc/1", "P-21bc/2"}
        assert sum(calls_by_day(run, campaign="P-c904/1").values()) > 0
    assert len(view.identities.rows) == 3
    assert view.identities.more > 0


def test_nothing_found(quiet_run: Path) -> None:
    with Run.open(quiet_run) as run:
        seen = overview(run)
    assert seen.platforms == []
    assert seen.tiers == {"likely": 0, "possible": 0, "contacted": 0}
    assert seen.talk.long_share is None
    assert seen.span is None


def test_labels_name_the_bands() -> None:
    assert len(TALK_LABELS) == len(TALK_EDGES) + 1
    assert listing([{"a": 1}], 5).more == 0


def test_owners_that_each_platform_posed_as(found_run: Path) -> None:
    with Run.open(found_run) as run:
        posed = posed_as(run)
        for name, owners in posed.items():
            calls = [row["calls"] for row in run.tally(("owner",), where={"platform": name}) if row["owner"]]
            assert len(owners) == len(set(owners)) == len(calls)
    assert posed
