from __future__ import annotations

import inspect

import pytest

from ringfence.model.engine import Engine
from ringfence.store.duckdb import DuckDBEngine
from ringfence.store.spark import SparkEngine


@pytest.mark.parametrize("adapter", [DuckDBEngine, SparkEngine])
def test_adapters_have_the_protocols_methods_and_parameters(adapter: type) -> None:
    methods = [name for name in vars(Engine) if not name.startswith("_")]
    assert methods == ["read_records", "upload", "keep", "collect", "close"]
    for name in methods:
        asked = inspect.signature(getattr(Engine, name))
        given = inspect.signature(getattr(adapter, name))
        assert list(given.parameters) == list(asked.parameters)
    assert isinstance(adapter.name, str)
