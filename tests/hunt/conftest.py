"""Small simulated networks, a hunt in each, and worlds of a few calls, for the tests of the hunt."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from tests.hunt.stacked import stack

from ringfence.config import HuntSettings
from ringfence.hunt.context import Context
from ringfence.hunt.inputs import load_context
from ringfence.hunt.run import Files, Where, hunt
from ringfence.hunt.signal import Example
from ringfence.model.engine import Engine
from ringfence.simulate.scenario import build
from ringfence.simulate.simulation import run
from ringfence.store.engines import open_engine

World = Callable[..., Context]


@pytest.fixture(scope="session")
def small_net(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Four days of a small network with far more fraud than life has. Read only."""
    out = tmp_path_factory.mktemp("small") / "net"
    run(build("small", settings=["fraud_rate=0.01"], subscribers=1200, days=4, seed=5), out)
    return out


@pytest.fixture(scope="session")
def quiet_net(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Three days of a small network without any fraud. Read only."""
    out = tmp_path_factory.mktemp("quiet") / "net"
    run(build("quiet", subscribers=1200, days=3, seed=5), out)
    return out


@pytest.fixture(scope="session")
def small_hunt(small_net: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The findings in the small network, with everything a hunt can be given. Read only."""
    out = tmp_path_factory.mktemp("small_hunt")
    files = Files(
        numbers=small_net / "numbers.csv",
        reports=small_net / "reports.csv",
        declared=small_net / "declared.csv",
        indicators=out / "indicators.jsonl",
    )
    hunt([small_net / "calls"], out / "run", settings=HuntSettings(), where=Where("duckdb"), files=files)
    return out / "run"


@pytest.fixture(scope="session")
def small_context(small_net: Path, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Context]:
    """The suspects of the small network, with its register."""
    with open_engine("duckdb", workdir=tmp_path_factory.mktemp("context")) as engine:
        yield load_context(engine, [small_net / "calls"], region="GB", numbers=small_net / "numbers.csv")


@pytest.fixture
def engine(tmp_path: Path) -> Iterator[Engine]:
    with open_engine("duckdb", workdir=tmp_path / "engine") as opened:
        yield opened


@pytest.fixture
def world(engine: Engine) -> World:
    """A function: calls (and register, declared, reports) as in a detector's example -> their context."""

    def make(*calls: dict[str, object], **given: object) -> Context:
        example = Example(name="a world", fires=True, calls=calls, **given)  # type: ignore[arg-type]
        return stack(engine, [example])

    return make
