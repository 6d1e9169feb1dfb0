from __future__ import annotations

import datetime as dt
import shutil
from pathlib import Path

import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from ringfence.errors import InputError
from ringfence.store.run import SCHEMAS, Run


@pytest.fixture(scope="module")
def run(found_run: Path) -> Run:
    return Run.open(found_run)


def test_summary_is_typed_and_unknown_fields_are_ignored(run: Run) -> None:
    assert run.summary.counts.platforms == 3
    assert run.summary.counts.victims.likely > 0
    assert {s.status for s in run.summary.signals} == {"spoke", "silent", "stood_aside"}


@pytest.mark.parametrize("table", SCHEMAS)
def test_every_table_has_the_columns_of_its_schema(run: Run, table: str) -> None:
    page = run.rows(table, limit=3)
    assert page.total >= len(page.rows) > 0
    assert list(page.rows[0]) == SCHEMAS[table].names


def test_where_matches_values_and_list_members(run: Run) -> None:
    likely = run.rows("victims", where={"tier": "likely"})
    assert {row["tier"] for row in likely.rows} == {"likely"}
    assert likely.total == run.tiers()["likely"]
    switch = run.rows("flagged_calls", where={"signals": "owner_switch", "platform": "P-7f3a"})
    assert switch.total > 0
    assert all("owner_switch" in row["signals"] for row in switch.rows)
    unowned = run.rows("flagged_calls", where={"owner": None})
    assert all(row["owner"] is None for row in unowned.rows)


def test_a_value_is_data_and_never_sql(run: Run) -> None:
    assert run.rows("victims", where={"called": "' OR 1=1 --"}).total == 0
    assert run.rows("victims", order='called"; DROP TABLE x').total > 0


def test_pages_cover_every_row_once(run: Run) -> None:
    total = run.rows("flagged_calls", limit=0).total
    seen = [
        row["call_id"]
        for offset in range(0, total, 400)
        for row in run.rows("flagged_calls", order="-score", limit=400, offset=offset).rows
    ]
    assert len(seen) == len(set(seen)) == total


def test_order_puts_unanswered_calls_last(run: Run) -> None:
    for order in ("talk_seconds", "-talk_seconds"):
        talk = [row["talk_seconds"] for row in run.rows("flagged_calls", order=order).rows]
        answered = [t for t in talk if t is not None]
        assert talk[: len(answered)] == sorted(answered, reverse=order.startswith("-"))


def test_tally_agrees_with_the_rows(run: Run) -> None:
    rows = run.rows("flagged_calls").rows
    by_day = {r["day"]: r["calls"] for r in run.tally(("day",))}
    assert sum(by_day.values()) == len(rows)
    day = rows[0]["start_time"].astimezone(dt.UTC).date()
    assert by_day[day] == sum(r["start_time"].astimezone(dt.UTC).date() == day for r in rows)
    one = run.tally(("called",), limit=1)[0]
    mine = [r for r in rows if r["called"] == one["called"]]
    assert (one["calls"], one["called_numbers"]) == (len(mine), 1)
    assert one["answered"] == sum(r["talk_seconds"] is not None for r in mine)


def test_calendar_is_utc_whatever_the_machine_says(found_run: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("TZ", "America/New_York")
    with Run.open(found_run) as run:
        first = run.rows("flagged_calls", order="start_time", limit=1).rows[0]["start_time"]
        hours = {r["hour"] for r in run.tally(("hour",))}
    assert first.astimezone(dt.UTC).hour in hours
    assert min(hours) >= 5


def test_talk_bands_add_up_to_the_answered(run: Run) -> None:
    bands = run.talk_bands((15, 60, 300))
    assert len(bands) == 4
    assert sum(bands) == sum(r["answered"] for r in run.tally(("platform",)))


def test_batches_stream_all_rows_in_key_order(run: Run) -> None:
    called = [v for batch in run.batches("victims", size=500) for v in batch.column("called").to_pylist()]
    assert called == sorted(called)
    assert len(called) == run.rows("victims", limit=0).total


def test_an_older_file_without_a_column_reads_as_null(found_run: Path, tmp_path: Path) -> None:
    old = tmp_path / "old [1]"  # a folder whose name looks like a pattern
    shutil.copytree(found_run, old)
    table = pq.read_table(old / "platforms.parquet")
    pq.write_table(table.drop_columns(["known_as", "signals"]), old / "platforms.parquet")
    (old / "considered.parquet").unlink()
    with Run.open(old) as run:
        row = run.rows("platforms").rows[0]
        assert row["known_as"] is None
        assert row["signals"] is None
        assert run.rows("considered").total == 0


@pytest.mark.parametrize(
    ("harm", "says"),
    [
        (lambda d: shutil.rmtree(d), "is not a directory"),
        (lambda d: (d / "summary.json").unlink(), "no finished hunt"),
        (lambda d: (d / "summary.json").write_text("{"), "cannot be read"),
        (lambda d: (d / "summary.json").write_text('{"counts": 7}'), "cannot be read"),
        (lambda d: (d / "victims.parquet").unlink(), "no victims.parquet"),
        (lambda d: (d / "victims.parquet").write_bytes(b"PAR1 not"), "not a readable Parquet file"),
    ],
)
def test_an_unfinished_hunt_is_one_clear_line(found_run: Path, tmp_path: Path, harm, says: str) -> None:
    broken = tmp_path / "run"
    shutil.copytree(found_run, broken)
    harm(broken)
    with pytest.raises(InputError, match=says) as caught:
        Run.open(broken)
    assert "\n" not in str(caught.value)


def test_an_empty_run_has_empty_tables(quiet_run: Path) -> None:
    with Run.open(quiet_run) as run:
        assert run.rows("platforms").total == 0
        assert run.tally(("day",)) == []
        assert run.talk_bands((60,)) == [0, 0]
        assert sum(b.num_rows for b in run.batches("victims")) == 0


def test_rows_hold_arrow_types_of_the_schema(run: Run) -> None:
    field = SCHEMAS["victims"].field("first_call")
    assert pa.types.is_timestamp(field.type)
    assert run.rows("victims", limit=1).rows[0]["first_call"].tzinfo is not None
