"""What every test may ask for: the corpus, one engine after the other, a strict run.

STRICT=1 in the environment turns each skipped test into a failure, so that a run that is meant to be whole
cannot pass by leaving parts out.
"""

from __future__ import annotations

import os
import shutil
from collections.abc import Generator, Iterator
from pathlib import Path

import pytest
from hypothesis import settings

from ringfence.model.engine import Engine

ROOT = Path(__file__).parents[1]
STRICT = os.environ.get("STRICT", "") not in ("", "0")

# tests never assert on time, and a strict run tries the same examples each time; a plain one looks further
settings.register_profile("ringfence", deadline=None, derandomize=STRICT)
settings.load_profile("ringfence")

#: Two executors of one core and 1 GiB each, as processes of their own.
SPARK_MASTER = "local-cluster[2,1,1024]"

#: The optimising compiler never earns back what it costs in a test run: without it a hunt takes half the CPU.
QUICK_JVM = "-XX:TieredStopAtLevel=1 -XX:+UseSerialGC"


@pytest.fixture(scope="session")
def corpus() -> Path:
    """The folder of real data; the test is skipped where there is none."""
    folder = Path(os.environ.get("RINGFENCE_CORPUS") or ROOT.parent / "shared" / "corpus")
    if not folder.is_dir():
        pytest.skip(f"no corpus at {folder}; set RINGFENCE_CORPUS to its folder")
    return folder


@pytest.fixture(scope="session")
def spark_cluster(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Engine]:
    """One Spark application for all tests of the run; engines opened meanwhile share it."""
    pytest.importorskip("pyspark", reason="no pyspark: pip install 'ringfence[spark]'")
    if not shutil.which("java"):
        pytest.skip("no Java on the path: Spark needs 17 or newer")
    from ringfence.store.engines import open_engine

    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("JDK_JAVA_OPTIONS", QUICK_JVM)
        with open_engine("spark", workdir=tmp_path_factory.mktemp("cluster"), master=SPARK_MASTER) as engine:
            yield engine


@pytest.fixture(params=["duckdb", pytest.param("spark", marks=pytest.mark.spark)])
def each_engine(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[Engine]:
    """The test runs once on each engine, with nothing left over from other tests."""
    from ringfence.store.engines import open_engine

    if request.param == "spark":
        request.getfixturevalue("spark_cluster")
    with open_engine(request.param, workdir=tmp_path / "engine") as engine:
        yield engine


@pytest.fixture(scope="session")
def found_run(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The directory of a finished hunt that found three services, with hostile strings in it. Read only."""
    from tests.console.example_run import build_run

    return build_run(tmp_path_factory.mktemp("found"))


@pytest.fixture(scope="session")
def quiet_run(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The directory of a finished hunt that found nothing. Read only."""
    from tests.console.example_run import build_quiet_run

    return build_quiet_run(tmp_path_factory.mktemp("quiet"))


@pytest.hookimpl(wrapper=True)
def pytest_runtest_makereport() -> Generator[None, pytest.TestReport, pytest.TestReport]:
    report = yield
    if STRICT and report.skipped and not hasattr(report, "wasxfail"):
        report.outcome = "failed"
        report.longrepr = f"skipped, which a strict run does not accept: {_why(report)}"
    return report


@pytest.hookimpl(wrapper=True)
def pytest_make_collect_report() -> Generator[None, pytest.CollectReport, pytest.CollectReport]:
    report = yield
    if STRICT and report.skipped:
        report.outcome = "failed"
        report.longrepr = f"skipped, which a strict run does not accept: {_why(report)}"
    return report


def _why(report: pytest.TestReport | pytest.CollectReport) -> str:
    return report.longrepr[2] if isinstance(report.longrepr, tuple) else str(report.longrepr)
