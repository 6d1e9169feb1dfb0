"""A hunt gives the same rows on every engine: detector by detector, and from records to findings.

What is compared with is DuckDB on one thread. Each engine then reads the same records shuffled into other
partitions, so that nothing can hang on the order of rows either.
"""

from __future__ import annotations

import datetime as dt
import math
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import ibis
import msgspec
import numpy as np
import pandas as pd
import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from tests.hunt.stacked import stack

from ringfence.config import HuntSettings
from ringfence.hunt.evidence import Evidence, gather
from ringfence.hunt.inputs import load_context, load_records
from ringfence.hunt.reading import with_unique_ids, without_twins
from ringfence.hunt.run import Files, Where, hunt
from ringfence.hunt.scoring import score, with_crews
from ringfence.hunt.second_look import look_again
from ringfence.hunt.signal import Example, all_detectors
from ringfence.hunt.weights import shipped_weights
from ringfence.model.engine import Engine
from ringfence.model.record import CALL_RECORD
from ringfence.simulate.scenario import build
from ringfence.simulate.simulation import run as simulate
from ringfence.store.engines import open_engine

MONDAY = dt.datetime(2025, 11, 3, 9, tzinfo=dt.UTC)
EXAMPLES: list[tuple[str, Example]] = [(d.SIGNAL.name, e) for d in all_detectors() for e in d.EXAMPLES]
TABLES = ("flagged_calls", "campaigns", "platforms", "victims", "sources", "considered", "rejected")

#: Presented numbers as hostile or careless sources write them: engines read each in a way of its own.
ODD_CALLERS = (
    *(
        "0",
        "000",
        "-5",
        "159",
        "159\n",
        "\t159",
        "159\u00a0",
        "\u0661\u0665\u0669",
        "\uff11\uff15\uff19",
        "12.",
    ),
    *(
        "+1000000",
        "+100000000000000",
        "+999999999999999",
        "+9999999999999999",
        "9" * 40,
        "9223372036854775808",
    ),
    *(
        "+447700900123",
        " +447700900123",
        "+447700900123 ",
        "+447700900123\x00",
        "+44 7700 900123",
        "07700900123",
    ),
    *(
        "+1.500000e10",
        "+0000001e10",
        "1e3",
        "4.47700900123E11",
        "0x1F",
        "1_000",
        "+1_000_000",
        "12L",
        "1D",
        ".5",
    ),
    *("", "anonymous", "NaN", "Infinity", "true", "+", "sip:+447700900123@example.net", "+44770090012\u0663"),
    *(f"t1:{'a' * 8}:{c * 26}" for c in "cab"),
)


def odd_records() -> pa.Table:
    """Records with odd numbers and times, and some that cannot be used."""
    called = "+447700900999"
    rows: list[dict[str, Any]] = [
        {
            "call_id": f"odd-{i:03d}",
            "start_time": MONDAY + dt.timedelta(microseconds=7 * i),
            "answer_time": MONDAY + dt.timedelta(seconds=1, microseconds=3 * i),
            "end_time": MONDAY + dt.timedelta(seconds=2 + 0.1 * i),
            "caller": caller,
            "called": called,
            "trunk": "" if i % 3 else None,
        }
        for i, caller in enumerate(ODD_CALLERS)
    ]
    rows += [
        {"call_id": None, "start_time": MONDAY, "called": called},
        {"call_id": "no start", "start_time": None, "called": called},
        {"call_id": "nobody", "start_time": MONDAY, "called": None},
        {"call_id": "no number", "start_time": MONDAY, "called": "zzz"},
        {
            "call_id": "backwards",
            "start_time": MONDAY,
            "end_time": MONDAY - dt.timedelta(1),
            "called": called,
        },
        {"call_id": "withheld", "start_time": MONDAY, "called": called},
    ]
    return pa.Table.from_pylist(rows, schema=pa.schema([f.with_nullable(True) for f in CALL_RECORD]))


class Network:
    """A few thousand simulated calls with the files that belong to them.

    as_written: a Parquet file a day, and the odd records. shuffled: the same days' calls in any order, in
    four files, and the odd records.
    """

    def __init__(self, folder: Path) -> None:
        settings = ["fraud_rate=0.02", "calls_per_subscriber_day=2"]
        simulate(build("small", None, settings, days=3, subscribers=1000, seed=7), folder)
        pq.write_table(odd_records(), folder / "odd.parquet")
        calls = pq.read_table(folder / "calls")
        order = np.random.default_rng(1).permutation(calls.num_rows)
        (folder / "shuffled").mkdir()
        for number, rows in enumerate(np.array_split(order, 4)):
            pq.write_table(calls.take(rows), folder / "shuffled" / f"part-{number}.parquet")
        self.as_written = [folder / "calls", folder / "odd.parquet"]
        self.shuffled = [folder / "shuffled", folder / "odd.parquet"]
        self.files = Files(
            numbers=folder / "numbers.csv",
            declared=folder / "declared.csv",
            reports=folder / "reports.csv",
        )


@pytest.fixture(scope="module")
def network(tmp_path_factory: pytest.TempPathFactory) -> Network:
    return Network(tmp_path_factory.mktemp("network"))


@contextmanager
def _one_thread(folder: Path) -> Iterator[Engine]:
    with open_engine("duckdb", workdir=folder, threads=1) as engine:
        yield engine


def _weigh(engine: Engine) -> tuple[Evidence, Evidence]:
    """The evidence of every detector on all examples: of calls and units, and of crews."""
    context = stack(engine, [example for _name, example in EXAMPLES])
    return with_crews(context, gather(context))


@pytest.fixture(scope="module")
def weighed(tmp_path_factory: pytest.TempPathFactory) -> tuple[Evidence, Evidence]:
    with _one_thread(tmp_path_factory.mktemp("one-thread")) as engine:
        return _weigh(engine)


@pytest.fixture(scope="module")
def found(network: Network, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The findings of the hunt to compare with."""
    out = tmp_path_factory.mktemp("found")
    settings = HuntSettings(threads=1)
    hunt(network.as_written, out, settings=settings, where=Where("duckdb"), files=network.files)
    return out


def _assert_same_units(one: Evidence, two: Evidence) -> None:
    assert one.on_units.keys() == two.on_units.keys()
    for name, kinds in one.on_units.items():
        assert kinds.keys() == two.on_units[name].keys()
        for kind, strengths in kinds.items():
            pd.testing.assert_series_equal(
                strengths.sort_index(), two.on_units[name][kind].sort_index(), rtol=1e-9, atol=1e-9, obj=name
            )


def _fired(evidence: Evidence) -> set[tuple[str, int]]:
    """(signal, example number) wherever the signal spoke on any of the example's calls."""
    calls = evidence.calls
    example = calls["call_id"].str[:4].astype(int)
    spoke = {(n, int(e)) for n, strength in evidence.on_calls.items() for e in example[strength > 0]}
    for name, kinds in evidence.on_units.items():
        for kind, strengths in kinds.items():
            spoke |= {(name, int(e)) for e in example[calls[kind].isin(strengths.index)]}
    return spoke


def test_detectors_see_their_examples_with_the_same_strength(
    each_engine: Engine, weighed: tuple[Evidence, Evidence]
) -> None:
    evidence, crews = _weigh(each_engine)
    spoke = _fired(evidence)
    for number, (name, example) in enumerate(EXAMPLES):
        assert ((name, number) in spoke) is example.fires, (name, example.name)
    expected, expected_crews = weighed
    pd.testing.assert_frame_equal(evidence.calls, expected.calls, rtol=1e-9, atol=1e-9)
    assert evidence.aside == expected.aside
    assert evidence.on_calls.keys() == expected.on_calls.keys()
    for name, strength in evidence.on_calls.items():
        np.testing.assert_allclose(strength, expected.on_calls[name], rtol=1e-9, atol=1e-9, err_msg=name)
    _assert_same_units(evidence, expected)
    _assert_same_units(crews, expected_crews)
    assert any(len(strengths) for kinds in crews.on_units.values() for strengths in kinds.values())


def test_odd_numbers_and_times_are_read_alike(each_engine: Engine, tmp_path: Path) -> None:
    """One code a text, the same on each engine, and 0 or 1e10 stop nobody."""
    file = tmp_path / "odd.parquet"
    pq.write_table(odd_records(), file)
    read = load_records(each_engine, [file], "GB")
    with _one_thread(tmp_path / "other") as other:
        expected = load_records(other, [file], "GB")
        rows = other.collect(expected.calls).sort_by("call_id").to_pylist()
    calls = each_engine.collect(read.calls).sort_by("call_id").to_pylist()
    assert calls == rows
    codes = {ODD_CALLERS[int(c["call_id"][4:])]: c["caller"] for c in calls if c["call_id"].startswith("odd")}
    assert codes["159"] == -1159
    assert codes["+447700900123"] == 447700900123
    assert codes["+100000000000000"] == 10**14
    for text in ("0", "+1.500000e10", "+0000001e10", "", "anonymous", "9" * 40):
        assert codes[text] is None, text
    assert read.rejected.equals(expected.rejected)
    assert sorted(read.rejected["reason"].to_pylist()) == [
        *("bad_called_number", "end_before_start", "no_call_id", "no_called_number", "no_start_time")
    ]
    assert read.sources.equals(expected.sources)
    assert (read.fields, read.notes, read.first, read.last) == (
        *(expected.fields, expected.notes, expected.first, expected.last),
    )


def test_records_that_share_an_id_get_ids_of_their_own(each_engine: Engine, tmp_path: Path) -> None:
    """The same ones on each engine, and none that another record has already."""
    ids = (["a", "b", None, "a~0.1", None], ["c", "a", "b~0.2"])
    files = [tmp_path / f"{n}.parquet" for n in range(2)]
    for file, some in zip(files, ids, strict=True):
        table = pa.table({"call_id": pa.array(some, pa.string()), "start_time": [MONDAY] * len(some)})
        pq.write_table(table.append_column("called", pa.array(["159"] * len(some))), file)
    raw, renamed = with_unique_ids(each_engine, each_engine.read_records(files), files)
    rows = each_engine.collect(raw).sort_by([("source_file", "ascending"), ("source_row", "ascending")])
    assert rows["call_id"].to_pylist() == [
        *("a~0.1~0.1", "b", None, "a~0.1~0.4", None),
        *("c", "a~1.2", "b~0.2"),
    ]
    assert renamed == 4
    assert rows.column_names == list(each_engine.read_records(files).columns)


def test_equal_records_are_dropped_alike(each_engine: Engine, tmp_path: Path) -> None:
    columns = {
        "call_id": ["a", "a", "b", None, None, "a"],
        "start_time": [MONDAY] * 6,
        "called": ["159"] * 5 + ["999"],
        "fingerprint_parts": [["x", "y"], ["x", "y"], None, None, None, ["x", "y"]],
    }
    files = [tmp_path / f"{n}.parquet" for n in range(2)]
    for file in files:
        pq.write_table(pa.table(columns), file)
    raw, twins = without_twins(each_engine, each_engine.read_records(files))
    rows = each_engine.collect(raw).sort_by([("source_file", "ascending"), ("source_row", "ascending")])
    # records without an id are rejected as such
    assert list(zip(rows["call_id"].to_pylist(), rows["source_row"].to_pylist(), strict=True)) == [
        *(("a", 1), ("b", 3), (None, 4), (None, 5), ("a", 6)),
        *((None, 4), (None, 5)),
    ]
    assert [Path(file).name[0] for file in twins["file"].to_pylist()] == ["0", *"1111"]
    assert twins["position"].to_pylist() == [2, 1, 2, 3, 6]


def _same(one: Any, two: Any) -> bool:
    if isinstance(one, float) and isinstance(two, float):
        return math.isclose(one, two, rel_tol=1e-9, abs_tol=1e-9)
    return bool(one == two)


def test_a_whole_hunt_finds_the_same(
    each_engine: Engine, network: Network, found: Path, tmp_path: Path
) -> None:
    out = tmp_path / "run"
    where = Where(each_engine.name, workdir=tmp_path)
    hunt(network.shuffled, out, settings=HuntSettings(), where=where, files=network.files)
    for name in TABLES:
        expected, got = pq.read_table(found / f"{name}.parquet"), pq.read_table(out / f"{name}.parquet")
        assert got.schema.equals(expected.schema), name
        assert got.num_rows == expected.num_rows > 0, name
        for one, two in zip(got.to_pylist(), expected.to_pylist(), strict=True):
            differ = {key: (one[key], two[key]) for key in one if not _same(one[key], two[key])}
            assert not differ, name
    assert (out / "profiles.jsonl").read_bytes() == (found / "profiles.jsonl").read_bytes()
    summary, other = (msgspec.json.decode((d / "summary.json").read_bytes()) for d in (out, found))
    assert summary["engine"] == each_engine.name
    for entry in ("rows", "notes", "period", "counts", "signals"):
        assert summary[entry] == other[entry], entry


def test_the_hunt_compared_looks_again(network: Network, tmp_path: Path) -> None:
    """Else the findings above would say nothing about the second look."""
    with _one_thread(tmp_path) as engine:
        context = load_context(engine, network.as_written, region="GB", numbers=network.files.numbers)
        first = score(context, shipped_weights())
        found = first.evidence.calls[first.score >= HuntSettings().flag_threshold]
        again = look_again(context, found)
        assert again is not context
        assert len(gather(again).calls) > len(first.evidence.calls)


def test_a_kept_table_is_not_computed_again(each_engine: Engine) -> None:
    numbers = each_engine.upload(pa.table({"n": list(range(100))}), "numbers")
    kept = each_engine.keep(numbers.mutate(chance=ibis.random()), "kept")
    assert each_engine.collect(kept).sort_by("n").equals(each_engine.collect(kept).sort_by("n"))
