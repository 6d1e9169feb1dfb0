"""Counting with others, and alone while the store is away."""

from __future__ import annotations

import asyncio
from collections.abc import Iterator
from pathlib import Path

import pytest
from tests.screen.same_counts import CALLS, SameCounts, count
from tests.store.redis_server import RedisServer
from tests.store.test_redis_counters import BOUNDED, LONG, Clock, hit

from ringfence.model.counting import CounterStore
from ringfence.screen.counters import Counters
from ringfence.screen.shared_counters import AsyncSharedCounters, SharedCounters
from ringfence.store.redis_counters import AsyncRedisCounters, RedisCounters


@pytest.fixture
def server(tmp_path: Path) -> Iterator[RedisServer]:
    server = RedisServer(tmp_path, *BOUNDED)
    yield server
    server.kill()


class TestShared(SameCounts):
    @pytest.fixture
    def counters(self, server: RedisServer) -> SharedCounters:
        return SharedCounters(Counters(), RedisCounters(server.url, timeout=LONG))


class TestAlone(SameCounts):
    @pytest.fixture
    def counters(self, tmp_path: Path) -> SharedCounters:
        return SharedCounters(Counters(), RedisCounters(f"unix://{tmp_path}/nobody.sock"))


def test_counting_goes_on_alone_and_together_again(server: RedisServer) -> None:
    clock = Clock()
    one, other = (
        SharedCounters(Counters(), RedisCounters(server.url, timeout=LONG, clock=clock)) for _ in range(2)
    )
    assert [count(c, CALLS, str(i), 0.0) for i, c in enumerate((one, other, one))] == [1, 2, 3]
    server.kill()
    assert count(one, CALLS, "3", 1.0) == 3  # its own calls
    assert count(other, CALLS, "4", 1.0) == 2
    assert (one.away, one.failures, one.alone, len(one)) == (True, 1, 1, 1)
    server.start()
    clock.now = 1.0
    assert count(one, CALLS, "5", 2.0) == 4  # the store is empty, the process is not
    assert count(other, CALLS, "6", 2.0) == 3
    assert (one.away, one.failures, one.alone) == (False, 1, 1)
    store: CounterStore = one
    assert store.observe([], 3.0) == []


def test_awaited(server: RedisServer) -> None:
    async def main() -> None:
        stores = [AsyncRedisCounters(server.url, timeout=LONG) for _ in range(2)]
        one, other = (AsyncSharedCounters(Counters(), store) for store in stores)
        assert await one.observe(hit("k", "0"), 0.0) == [1]  # before it is reached
        assert (one.away, one.alone) == (True, 1)
        assert await stores[0].connect() and await stores[1].connect()
        counts = [await c.observe(hit("k", str(i)), 0.0) for i, c in enumerate((one, other, one), 1)]
        assert counts == [[2], [2], [3]]
        server.kill()
        assert await one.observe(hit("k", "9"), 1.0) == [4]
        assert (one.away, one.failures, one.alone, len(one)) == (True, 1, 2, 1)
        for store in stores:
            await store.close()

    asyncio.run(main())
