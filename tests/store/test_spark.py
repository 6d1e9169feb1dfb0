"""The Spark engine alone; what every engine must do is in tests/engines."""

from __future__ import annotations

import shutil
from pathlib import Path

import pyarrow as pa
import pytest

from ringfence.errors import RingfenceError, UsageError
from ringfence.model.engine import Engine
from ringfence.store.engines import open_engine
from ringfence.store.spark import check_shared

pytestmark = pytest.mark.spark


def test_engines_share_the_application_and_not_their_tables(spark_cluster: Engine, tmp_path: Path) -> None:
    with (
        open_engine("spark", workdir=tmp_path) as one,
        open_engine("spark", workdir=tmp_path) as other,
    ):
        mine = one.upload(pa.table({"a": [1]}), "same_name")
        yours = other.upload(pa.table({"a": [2]}), "same_name")
        assert one.collect(mine).to_pylist() == [{"a": 1}]
        assert other.collect(yours).to_pylist() == [{"a": 2}]
    assert list(tmp_path.iterdir()) == []
    still = spark_cluster.upload(pa.table({"a": [3]}), "still_there")
    assert spark_cluster.collect(still).to_pylist() == [{"a": 3}]


def test_a_working_folder_that_the_nodes_do_not_share_is_refused(
    spark_cluster: Engine, tmp_path: Path
) -> None:
    session = spark_cluster._session  # type: ignore[attr-defined]
    check_shared(session, tmp_path)
    # one name, and in each process a folder of its own, as on nodes without a common disk
    name = f"{tmp_path.name}-not-shared"
    try:
        with pytest.raises(UsageError, match="give --workdir a folder that all nodes share"):
            check_shared(session, Path("/proc/self/cwd", name))
    finally:
        shutil.rmtree(session._jvm.System.getProperty("user.dir") + f"/{name}", ignore_errors=True)


def test_a_failing_query_is_one_line(spark_cluster: Engine) -> None:
    words = spark_cluster.upload(pa.table({"word": ["three"]}), "words")
    with pytest.raises(RingfenceError, match="Spark failed") as caught:
        spark_cluster.collect(words.select(n=words.word.cast("int64")))
    assert "\n" not in str(caught.value)


def test_a_master_that_is_none_is_the_operators_fault(tmp_path: Path) -> None:
    with pytest.raises(UsageError, match="not a Spark master"):
        open_engine("spark", workdir=tmp_path, master="http://127.0.0.1").__enter__()
    assert list(tmp_path.iterdir()) == []
