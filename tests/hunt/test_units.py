from __future__ import annotations

import ibis.expr.types as ir
import pyarrow as pa
from ibis import _

from ringfence.hunt.units import SOURCE_UNITS, each_unit, number_units, only
from ringfence.model.engine import Engine

SOURCES = pa.table(
    {
        "source": pa.array([0, 1, 2, 3], pa.int64()),
        "trunk": ["", "A", "A", "B"],
        "account": ["", "", "x", ""],
        "fingerprint": ["f1", "f1", "f1", ""],
        "ingress": ["", "international", "national", ""],
    }
)


def test_each_source_is_in_one_unit_of_each_kind() -> None:
    frame = number_units(SOURCES)
    entry, cell = frame["entry"].tolist(), frame["cell"].tolist()
    # no trunk is no entry; the trunk with and without an account are two
    assert entry[0] == -1
    assert len(set(entry[1:])) == 3
    # a cell is a shape on a trunk, whatever the account
    assert cell[0] == cell[3] == -1
    assert cell[1] == cell[2] >= 0
    assert frame["shape"].tolist() == [frame["shape"][0]] * 3 + [-1]
    assert frame["international"].tolist() == [False, True, False, False]


def test_an_account_without_a_trunk_is_an_entry() -> None:
    columns = {"source": pa.array([0, 1, 2], pa.int64()), "account": ["", "x", "y"]}
    for table in (pa.table(columns), pa.table({**columns, "trunk": ["", "", ""]})):
        assert number_units(table)["entry"].tolist() == [-1, 1, 2]


def test_a_kind_whose_column_is_missing_has_no_units() -> None:
    frame = number_units(SOURCES)
    assert set(frame["address"]) == {-1}
    nothing = number_units(pa.table({"source": pa.array([0], pa.int64())}))
    assert all(set(nothing[kind]) == {-1} for kind in SOURCE_UNITS)


def test_numbers_follow_the_texts_and_not_the_order_of_rows() -> None:
    turned = number_units(SOURCES.take([3, 2, 1, 0])).sort_values("source", ignore_index=True)
    assert turned["entry"].tolist() == number_units(SOURCES)["entry"].tolist()


def _strengths(engine: Engine, kinds: list[str]) -> list[dict[str, object]]:
    suspects = engine.upload(
        pa.table({"entry": [1, 1, 2, -1], "shape": [7, 7, 7, -1], "talk": [1.0, 2.0, 9.0, 5.0]}), "suspects"
    )
    whole = engine.upload(pa.table({"kind": ["entry", "shape"], "unit": [1, 7]}), "whole")

    def judge(rows: ir.Table) -> ir.Table:
        longest = rows.group_by("kind", "unit").aggregate(longest=_.talk.max())
        return longest.select("kind", "unit", strength=longest.longest - 2.0)

    rows = engine.collect(each_unit(suspects, whole, judge, kinds)).to_pylist()
    return sorted(rows, key=lambda row: str(row["kind"]))


def test_only_whole_units_are_judged_and_silence_is_dropped(engine: Engine) -> None:
    # entry 2 is not whole, entry 1 is silent
    assert _strengths(engine, ["entry", "shape"]) == [{"kind": "shape", "unit": 7, "strength": 7.0}]


def test_a_detector_without_kinds_says_nothing(engine: Engine) -> None:
    assert _strengths(engine, []) == []


def test_only_keeps_the_order_of_the_kinds() -> None:
    assert only(("entry", "shape", "crew"), "crew", "entry", "line") == ["entry", "crew"]
