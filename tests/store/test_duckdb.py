"""The DuckDB engine alone; what every engine must do is in tests/engines."""

from __future__ import annotations

from pathlib import Path

import ibis
import pyarrow as pa
import pytest

from ringfence.errors import RingfenceError, UsageError
from ringfence.store.duckdb import DuckDBEngine


def test_it_leaves_nothing_in_the_working_folder(tmp_path: Path) -> None:
    engine = DuckDBEngine(tmp_path / "work", threads=1)
    engine.keep(engine.upload(pa.table({"a": [1, 2]}), "a"), "b")
    engine.close()
    assert list((tmp_path / "work").iterdir()) == []


def test_tables_beyond_the_limit_go_to_the_working_folder(tmp_path: Path) -> None:
    engine = DuckDBEngine(tmp_path, memory="60MB", threads=1)
    numbers = ibis.range(0, 8_000_000).unnest().name("n").as_table()
    kept = engine.keep(numbers.mutate(m=numbers.n * 1_000_003 % 998_244_353), "kept")
    spilled = sum(file.stat().st_size for file in tmp_path.rglob("*") if file.is_file())
    assert spilled > 20 << 20
    assert engine.collect(kept.agg(rows=kept.count())).to_pylist() == [{"rows": 8_000_000}]
    engine.close()


@pytest.mark.parametrize("settings", [{"memory": "lots"}, {"threads": 0}])
def test_bad_settings_are_the_operators_fault(tmp_path: Path, settings: dict[str, object]) -> None:
    with pytest.raises(UsageError, match="DuckDB refuses its settings") as caught:
        DuckDBEngine(tmp_path, **settings)  # type: ignore[arg-type]
    assert "\n" not in str(caught.value)
    assert list(tmp_path.iterdir()) == []


def test_a_failing_query_is_one_line(tmp_path: Path) -> None:
    engine = DuckDBEngine(tmp_path)
    words = engine.upload(pa.table({"word": ["three"]}), "words")
    with pytest.raises(RingfenceError, match="DuckDB failed") as caught:
        engine.collect(words.select(n=words.word.cast("int64")))
    assert "\n" not in str(caught.value)
    engine.close()
