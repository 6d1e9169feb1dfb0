from __future__ import annotations

from pathlib import Path

import pyarrow as pa
import pytest

from ringfence.errors import UsageError
from ringfence.store.engines import open_engine


def test_the_default_engine_computes(tmp_path: Path) -> None:
    with open_engine("duckdb", workdir=tmp_path / "not there yet") as engine:
        assert engine.name == "duckdb"
        table = engine.upload(pa.table({"a": [1, 2]}), "a")
        assert engine.collect(table.agg(total=table.a.sum())).to_pylist() == [{"total": 3}]


def test_an_unknown_engine_names_the_known(tmp_path: Path) -> None:
    with pytest.raises(UsageError, match="choose one of duckdb, spark"), open_engine("sql", workdir=tmp_path):
        pass


def test_a_master_is_not_for_duckdb(tmp_path: Path) -> None:
    with (
        pytest.raises(UsageError, match="--master is for Spark"),
        open_engine("duckdb", workdir=tmp_path, master="local[2]"),
    ):
        pass


def test_the_engine_is_closed_when_the_work_fails(tmp_path: Path) -> None:
    with pytest.raises(ZeroDivisionError), open_engine("duckdb", workdir=tmp_path) as engine:
        engine.upload(pa.table({"a": [1]}), "a")
        1 / 0  # noqa: B018
    assert list(tmp_path.iterdir()) == []
