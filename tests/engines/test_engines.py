"""Every engine gives the same rows for the same expression: what the hunt's detectors rely on."""

from __future__ import annotations

import datetime as dt
from pathlib import Path

import ibis
import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from ringfence.errors import InputError, RingfenceError
from ringfence.model.engine import Engine
from ringfence.model.record import CALL_RECORD

UTC = dt.UTC
START = dt.datetime(2026, 3, 29, 0, 59, 59, 999_999, tzinfo=UTC)  # as Britain's clocks go forward
ALICE, BOB, BANK = "+447700900101", "+447700900102", "+442079460159"


def _second(seconds: float) -> dt.datetime:
    return START + dt.timedelta(seconds=seconds)


#: call_id, start, answer, end, caller, called, trunk, status: after START in seconds
CALLS = [
    ("c1", 0.0, 5.0, 405.000001, BANK, ALICE, "t1", 200),
    ("c2", 60.5, None, 70.0, BANK, ALICE, "t1", 487),
    ("c3", 3600.0, 3601.0, 3601.0, None, ALICE, "t2", 200),
    ("c4", 3600.0, 3610.25, 3700.0, BANK, BOB, "t1", 200),
    ("c5", 7200.0, None, None, ALICE, BOB, None, 404),
]


def _records() -> pa.Table:
    columns: dict[str, list[object]] = {name: [] for name in CALL_RECORD.names}
    for call_id, start, answer, end, caller, called, trunk, status in CALLS:
        row = {
            "call_id": call_id,
            "start_time": _second(start),
            "answer_time": None if answer is None else _second(answer),
            "end_time": None if end is None else _second(end),
            "caller": caller,
            "called": called,
            "trunk": trunk,
            "status": status,
            "fingerprint_parts": ["via", "from"] if caller == BANK else None,
            "roaming": None if caller is None else caller == ALICE,
        }
        for name in columns:
            columns[name].append(row.get(name))
    return pa.table(columns, schema=CALL_RECORD)


@pytest.fixture
def records(each_engine: Engine, tmp_path: Path) -> ibis.Table:
    """CALLS in two Parquet partitions, as the engine reads them."""
    table = _records()
    pq.write_table(table.slice(0, 3), tmp_path / "part-0.parquet")
    pq.write_table(table.slice(3), tmp_path / "part-1.parquet")
    return each_engine.read_records([tmp_path / "part-0.parquet", tmp_path / "part-1.parquet"])


def _rows(engine: Engine, expression: ibis.Table, *order: str) -> list[dict[str, object]]:
    return (
        engine.collect(expression).sort_by([(key, "ascending") for key in order or ("call_id",)]).to_pylist()
    )


def test_records_come_back_as_they_were_written(
    each_engine: Engine, records: ibis.Table, tmp_path: Path
) -> None:
    read = each_engine.collect(records).sort_by("call_id")
    assert read.select(CALL_RECORD.names).to_pylist() == _records().to_pylist()
    assert read.select(CALL_RECORD.names).schema.types == CALL_RECORD.types
    parts = [str(tmp_path / "part-0.parquet")] * 3 + [str(tmp_path / "part-1.parquet")] * 2
    assert read["source_file"].to_pylist() == parts
    assert read["source_row"].to_pylist() == [1, 2, 3, 1, 2]


def test_files_of_other_layouts_are_read_together(each_engine: Engine, tmp_path: Path) -> None:
    few = _records().select(["call_id", "start_time", "called"]).slice(0, 1)
    naive = pa.timestamp("ms")
    wide = pa.table(
        {
            "called": [BOB],
            "call_id": pa.array(["w1"]).dictionary_encode(),
            "status": pa.array([486], pa.int64()),
            "start_time": pa.array([dt.datetime(2026, 3, 29, 12)], naive),
            "tariff": ["not a column of the call record"],
        }
    )
    odd = tmp_path / "50%+ [a] é.parquet"
    pq.write_table(few, odd)
    pq.write_table(wide, tmp_path / "wide.parquet")
    table = each_engine.read_records([odd, tmp_path / "wide.parquet"])
    assert set(table.columns) == {"call_id", "start_time", "called", "status", "source_file", "source_row"}
    first, second = _rows(each_engine, table)
    assert first == {
        "call_id": "c1",
        "start_time": START,
        "called": ALICE,
        "status": None,
        "source_file": str(odd),
        "source_row": 1,
    }
    assert second["start_time"] == dt.datetime(2026, 3, 29, 12, tzinfo=UTC)
    assert second["status"] == 486


def test_a_relative_file_keeps_its_name(
    each_engine: Engine, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    pq.write_table(_records(), tmp_path / "calls.parquet")
    monkeypatch.chdir(tmp_path)
    rows = _rows(each_engine, each_engine.read_records([Path("calls.parquet")]))
    assert {row["source_file"] for row in rows} == {"calls.parquet"}


def test_a_cut_file_is_refused_in_one_line(each_engine: Engine, tmp_path: Path) -> None:
    pq.write_table(_records(), tmp_path / "whole.parquet")
    cut = tmp_path / "cut.parquet"
    cut.write_bytes((tmp_path / "whole.parquet").read_bytes()[:-100])
    with pytest.raises(InputError, match=r"cut\.parquet: not a readable Parquet file") as caught:
        each_engine.read_records([cut])
    assert "\n" not in str(caught.value)


def test_times_subtract_to_exact_microseconds(each_engine: Engine, records: ibis.Table) -> None:
    epoch = ibis.literal(dt.datetime(1970, 1, 1, tzinfo=UTC), type="timestamp('UTC')")
    rows = _rows(
        each_engine,
        records.select(
            "call_id",
            since_epoch=records.start_time.delta(epoch, unit="microsecond"),
            talk=records.end_time.delta(records.answer_time, unit="microsecond"),
            talk_seconds=records.end_time.delta(records.answer_time, unit="microsecond") / 1e6,
        ),
    )
    at = round(START.timestamp() * 1e6)
    assert [row["since_epoch"] for row in rows] == [at + round(s * 1e6) for s in (0, 60.5, 3600, 3600, 7200)]
    assert [row["talk"] for row in rows] == [400_000_001, None, 0, 89_750_000, None]
    assert rows[0]["talk_seconds"] == pytest.approx(400.000001, abs=1e-9)


def test_groups_count_distinct_values_and_leave_nulls_out(each_engine: Engine, records: ibis.Table) -> None:
    grouped = records.group_by("called").agg(
        calls=records.count(),
        callers=records.caller.nunique(),
        answered=records.answer_time.count(),
        unknown=records.caller.isnull().sum(),
        answered_by_bank=records.count(where=records.answer_time.notnull() & (records.caller == BANK)),
        first=records.start_time.min(),
        highest=records.status.max(),
    )
    alice, bob = _rows(each_engine, grouped, "called")
    assert alice == {
        "called": ALICE, "calls": 3, "callers": 1, "answered": 2, "unknown": 1, "answered_by_bank": 1,
        "first": START, "highest": 487,
    }  # fmt: skip
    assert (bob["calls"], bob["callers"], bob["answered"], bob["unknown"]) == (2, 2, 1, 0)


def test_nulls_make_a_group_of_their_own_and_never_join(each_engine: Engine, records: ibis.Table) -> None:
    by_trunk = records.group_by("trunk").agg(calls=records.count())
    assert {row["trunk"]: row["calls"] for row in each_engine.collect(by_trunk).to_pylist()} == {
        "t1": 3,
        "t2": 1,
        None: 1,
    }
    names = each_engine.upload(pa.table({"trunk": ["t1", None], "owner": ["A", "nobody"]}), "names")
    joined = records.left_join(names, "trunk").select("call_id", "owner")
    assert [row["owner"] for row in _rows(each_engine, joined)] == ["A", "A", None, "A", None]
    assert len(_rows(each_engine, records.anti_join(names, "trunk").select("call_id"))) == 2


def test_joins_inner_semi_and_on_a_range(each_engine: Engine, records: ibis.Table) -> None:
    later = records.view()
    pairs = records.join(
        later,
        [
            records.called == later.called,
            records.call_id < later.call_id,
            later.start_time.delta(records.start_time, unit="microsecond") <= 3600 * 1_000_000,
        ],
    ).select(call_id=records.call_id, then=later.call_id)
    assert [(row["call_id"], row["then"]) for row in _rows(each_engine, pairs, "call_id", "then")] == [
        ("c1", "c2"),
        ("c1", "c3"),
        ("c2", "c3"),
        ("c4", "c5"),
    ]
    suspects = each_engine.upload(pa.table({"caller": [BANK]}), "suspects")
    assert [
        r["call_id"] for r in _rows(each_engine, records.semi_join(suspects, "caller").select("call_id"))
    ] == ["c1", "c2", "c4"]


def test_windows_order_ties_by_call_id(each_engine: Engine, records: ibis.Table) -> None:
    everything = ibis.window(order_by=[records.start_time, records.call_id])
    by_called = ibis.window(group_by=records.called, order_by=[records.start_time, records.call_id])
    rows = _rows(
        each_engine,
        records.select(
            "call_id",
            position=ibis.row_number().over(everything),
            before=records.call_id.lag().over(by_called),
            gap=records.start_time.delta(records.start_time.lag().over(by_called), unit="microsecond"),
            so_far=records.count().over(
                ibis.cumulative_window(group_by=records.called, order_by=records.call_id)
            ),
        ),
    )
    assert [row["position"] for row in rows] == [0, 1, 2, 3, 4]
    assert [row["before"] for row in rows] == [None, "c1", "c2", None, "c4"]
    assert [row["gap"] for row in rows] == [None, 60_500_000, 3_539_500_000, None, 3_600_000_000]
    assert [row["so_far"] for row in rows] == [1, 2, 3, 1, 2]


def test_windows_over_a_range_of_time(each_engine: Engine, records: ibis.Table) -> None:
    at = records.mutate(
        us=records.start_time.delta(
            ibis.literal(dt.datetime(2026, 1, 1, tzinfo=UTC), type="timestamp('UTC')"), unit="microsecond"
        )
    )
    hour = ibis.range_window(group_by=at.called, order_by=at.us, preceding=3600 * 1_000_000, following=0)
    rows = _rows(each_engine, at.select("call_id", within=at.count().over(hour)))
    assert [row["within"] for row in rows] == [1, 2, 3, 1, 2]


def test_order_puts_nulls_last_and_ties_by_call_id(each_engine: Engine, records: ibis.Table) -> None:
    ordered = records.select("call_id", "caller").order_by(["caller", "call_id"])
    assert each_engine.collect(ordered)["call_id"].to_pylist() == ["c1", "c2", "c4", "c5", "c3"]
    best = records.select("call_id", "status").order_by([ibis.desc("status"), "call_id"]).limit(3)
    assert each_engine.collect(best)["call_id"].to_pylist() == ["c2", "c5", "c1"]


def test_a_division_by_zero_is_null(each_engine: Engine, records: ibis.Table) -> None:
    silent = records.group_by("called").agg(calls=records.count(), withheld=records.caller.isnull().sum())
    shares = silent.select(
        "called",
        share=silent.calls / silent.withheld,
        whole=silent.calls // silent.withheld,
        rest=silent.calls % silent.withheld,
        half=silent.calls / 2,
    )
    alice, bob = _rows(each_engine, shares, "called")
    assert alice == {"called": ALICE, "share": 3.0, "whole": 3, "rest": 0, "half": 1.5}
    assert bob == {"called": BOB, "share": None, "whole": None, "rest": None, "half": 1.0}


def test_floats_agree_to_a_billionth(each_engine: Engine) -> None:
    values = [1e-9 * n * (-1) ** n + n / 7 for n in range(1000)]
    table = each_engine.upload(pa.table({"x": values, "g": [n % 3 for n in range(1000)]}), "floats")
    grouped = table.group_by("g").agg(
        total=table.x.sum(), mean=table.x.mean(), spread=table.x.std(), logs=(table.x + 1).ln().sum()
    )
    rows = _rows(each_engine, grouped, "g")
    for group, row in enumerate(rows):
        members = values[group::3]
        mean = sum(members) / len(members)
        assert row["total"] == pytest.approx(sum(members), rel=1e-9)
        assert row["mean"] == pytest.approx(mean, rel=1e-9)
        spread = (sum((x - mean) ** 2 for x in members) / (len(members) - 1)) ** 0.5
        assert row["spread"] == pytest.approx(spread, rel=1e-9)


def test_integers_keep_all_64_bits_and_do_not_wrap(each_engine: Engine) -> None:
    big = 2**62 + 1
    table = each_engine.upload(pa.table({"n": [big, None], "one": [1, 1]}), "integers")
    rows = _rows(each_engine, table.select("one", m=table.n + 1), "m")
    assert [row["m"] for row in rows] == [big + 1, None]
    with pytest.raises(RingfenceError):
        each_engine.collect(table.select(m=table.n * 4))


def test_numbers_become_integers_and_strings_again(each_engine: Engine, records: ibis.Table) -> None:
    digits = records.caller.substr(1).cast("int64")
    rows = _rows(each_engine, records.select("call_id", key=digits, text=digits.cast("string")))
    assert [row["key"] for row in rows] == [int(BANK), int(BANK), None, int(BANK), int(ALICE)]
    assert rows[0]["text"] == BANK[1:]
    cases = records.mutate(
        kind=ibis.cases(
            (records.status == 200, "answered"), (records.status >= 400, "failed"), else_="other"
        ),
        foreign=~records.caller.startswith("+44"),
    )
    rows = _rows(each_engine, cases.select("call_id", "kind", "foreign"))
    assert [row["kind"] for row in rows] == ["answered", "failed", "answered", "answered", "failed"]
    assert [row["foreign"] for row in rows] == [False, False, None, False, False]


def test_unions_and_distinct_rows(each_engine: Engine, records: ibis.Table) -> None:
    both = records.select(number=records.caller).union(records.select(number=records.called), distinct=True)
    assert sorted(str(row["number"]) for row in each_engine.collect(both).to_pylist()) == sorted(
        [ALICE, BOB, BANK, "None"]
    )


def test_kept_rows_can_be_replaced_by_what_was_made_of_them(each_engine: Engine, records: ibis.Table) -> None:
    kept = each_engine.keep(records.select("call_id", "status", "start_time"), "kept")
    again = each_engine.keep(kept.filter(kept.status == 200).mutate(seen=True), "kept")
    assert [row["call_id"] for row in _rows(each_engine, again)] == ["c1", "c3", "c4"]
    assert _rows(each_engine, again)[0]["start_time"] == START
    joined = each_engine.keep(records.join(again.select("call_id", "seen"), "call_id"), "joined")
    assert each_engine.collect(joined).num_rows == 3


def test_an_uploaded_table_is_replaced_and_may_be_empty(each_engine: Engine) -> None:
    schema = pa.schema([("number", pa.string()), ("parts", pa.list_(pa.string())), ("until", pa.date32())])
    first = pa.table({"number": [BANK], "parts": [["a", "b"]], "until": [dt.date(2026, 1, 1)]}, schema=schema)
    assert each_engine.collect(each_engine.upload(first, "list")).to_pylist() == first.to_pylist()
    empty = each_engine.upload(schema.empty_table(), "list")
    assert each_engine.collect(empty).to_pylist() == []
    assert each_engine.collect(empty).schema.types == schema.types


def test_the_time_zone_is_utc_whatever_the_machine_says(each_engine: Engine, records: ibis.Table) -> None:
    rows = _rows(
        each_engine,
        records.select(
            "call_id",
            hour=records.start_time.hour(),
            day=records.start_time.date(),
            weekday=records.start_time.day_of_week.index(),
        ),
    )
    assert [row["hour"] for row in rows] == [0, 1, 1, 1, 2]  # Britain's own clocks would say 2, 2, 2 and 3
    assert {row["day"] for row in rows} == {dt.date(2026, 3, 29)}
    assert {row["weekday"] for row in rows} == {6}


@pytest.mark.spark
def test_spark_computes_in_processes_of_its_own(spark_cluster: Engine) -> None:
    session = spark_cluster._session  # type: ignore[attr-defined]
    executors = session.sparkContext._jsc.sc().getExecutorMemoryStatus().size() - 1  # the driver is one
    assert session.sparkContext.master == "local-cluster[2,1,1024]"
    assert executors == 2
