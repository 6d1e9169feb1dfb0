"""Counters in a real Redis: the same counts as in the process, and no call held up when it is away."""

from __future__ import annotations

import asyncio
import socket
import threading
import time
from collections.abc import Awaitable, Callable, Iterator, Sequence
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from tests.screen.same_counts import CALLS, PEOPLE, SameCounts
from tests.store.redis_server import RedisServer

from ringfence.errors import ConfigError
from ringfence.model.counting import Hit, Meter
from ringfence.screen.counters import Counters
from ringfence.store.redis_counters import AsyncRedisCounters, RedisCounters

BOUNDED = ("--maxmemory", "8mb", "--maxmemory-policy", "allkeys-lru")
LONG = 0.5  # seconds for an answer where the test is not about time: the machine may be busy


@pytest.fixture(scope="module")
def running(tmp_path_factory: pytest.TempPathFactory) -> Iterator[RedisServer]:
    server = RedisServer(tmp_path_factory.mktemp("redis"), *BOUNDED)
    yield server
    server.kill()


@pytest.fixture
def server(running: RedisServer) -> RedisServer:
    with running.client() as client:
        client.flushall()
    return running


@pytest.fixture
def own(tmp_path: Path) -> Iterator[RedisServer]:
    """One that the test may kill."""
    server = RedisServer(tmp_path, *BOUNDED)
    yield server
    server.kill()


class Clock:
    """Seconds that the test tells."""

    def __init__(self) -> None:
        self.now = 0.0

    def __call__(self) -> float:
        return self.now


class Awaited:
    """The asyncio client as a `CounterStore`, with a loop of its own."""

    def __init__(self, url: str) -> None:
        self.loop = asyncio.new_event_loop()
        self.counters = AsyncRedisCounters(url, timeout=LONG)
        assert self.loop.run_until_complete(self.counters.connect())

    def observe(self, hits: Sequence[Hit], now: float) -> list[int]:
        counts = self.loop.run_until_complete(self.counters.observe(hits, now))
        assert counts is not None
        return counts

    def close(self) -> None:
        self.loop.run_until_complete(self.counters.close())
        self.loop.close()


class TestWaiting(SameCounts):
    @pytest.fixture
    def counters(self, server: RedisServer) -> Iterator[RedisCounters]:
        counters = RedisCounters(server.url, timeout=LONG)
        yield counters
        counters.close()


class TestAwaiting(SameCounts):
    @pytest.fixture
    def counters(self, server: RedisServer) -> Iterator[Awaited]:
        counters = Awaited(server.url)
        yield counters
        counters.close()


def hit(key: str, member: str, meter: Meter = CALLS) -> list[Hit]:
    return [Hit(meter, key, member)]


@settings(max_examples=30, deadline=None)
@given(
    st.lists(
        st.tuples(
            st.floats(-12, 12, allow_nan=False),
            st.lists(st.tuples(st.sampled_from([CALLS, PEOPLE]), st.sampled_from("kl"), st.text(max_size=1))),
        ),
        max_size=30,
    )
)
def test_redis_and_the_process_count_alike(
    running: RedisServer, events: list[tuple[float, list[tuple[Meter, str, str]]]]
) -> None:
    with running.client() as client:
        client.flushall()
    shared, alone, now = RedisCounters(running.url, timeout=LONG), Counters(), 1_700_000_000.0
    for later, parts in events:
        now += later
        hits = [Hit(meter, key, member) for meter, key, member in parts]
        assert shared.observe(hits, now) == alone.observe(hits, now)
    shared.close()


def test_two_screens_share_counts(server: RedisServer) -> None:
    one, other = RedisCounters(server.url, timeout=LONG), RedisCounters(server.url, timeout=LONG)
    third = RedisCounters(server.url, timeout=LONG, prefix="elsewhere")
    assert [c.observe(hit("k", str(i)), i) for i, c in enumerate((one, other, one, third))] == [
        [1],
        [2],
        [3],
        [1],
    ]
    for counters in (one, other, third):
        counters.close()


def test_keys_go_by_themselves(server: RedisServer) -> None:
    counters = RedisCounters(server.url, timeout=LONG)
    counters.observe(hit("k", "m", Meter("day", ("caller",), 86_400.0)), 0.0)
    counters.observe(hit("k", "m", Meter("ever", ("caller",), float("inf"))), 0.0)
    counters.close()
    with server.client() as client:
        left = {key.split(b":")[1]: client.pttl(key) for key in client.scan_iter()}
    assert 86_400_000 < left.pop(b"day") <= 86_405_000
    assert left.pop(b"ever") > 86_405_000
    assert all(0 < ms <= 6000 for ms in left.values()) and len(left) == 1  # the probe


def test_a_flood_of_new_numbers_takes_memory_up_to_the_bound(server: RedisServer) -> None:
    async def flood() -> int:
        counters = AsyncRedisCounters(server.url, timeout=5.0)
        await counters.connect()
        for start in range(0, 100_000, 1000):
            ids = (f"{i:09x}" for i in range(start, start + 1000))
            counts = await asyncio.gather(*(counters.observe(hit(f"+44{i}", i), start / 1000) for i in ids))
            assert counts == [[1]] * 1000
        assert counters.advice == "" and counters.failures == 0
        await counters.close()
        with server.client() as client:
            return int(client.info("memory")["used_memory"])

    assert asyncio.run(flood()) < 9 << 20


@pytest.mark.parametrize(
    "options", [("--maxmemory", "0"), ("--maxmemory", "4mb", "--maxmemory-policy", "noeviction")]
)
def test_a_redis_that_a_flood_would_fill_is_told(
    tmp_path: Path, options: tuple[str, ...], caplog: pytest.LogCaptureFixture
) -> None:
    server = RedisServer(tmp_path, *options)
    try:
        counters = RedisCounters(server.url, timeout=LONG)
        assert counters.connect()
        assert "maxmemory" in counters.advice and counters.advice in caplog.text
        if "4mb" in options:  # once full, counting goes on alone
            for i in range(200):
                answer = counters.observe([Hit(CALLS, f"{i}-{j}", "x" * 80) for j in range(200)], 0.0)
                if answer is None:
                    break
            assert counters.away and counters.failures == 1
            assert counters.observe(hit("k", "m"), 0.0) is None
        counters.close()
    finally:
        server.kill()


def test_a_redis_that_is_killed_and_comes_back(own: RedisServer) -> None:
    clock = Clock()
    counters = RedisCounters(own.url, timeout=LONG, clock=clock)
    assert counters.observe(hit("k", "1"), 0.0) == [1]
    own.kill()
    assert counters.observe(hit("k", "2"), 1.0) is None
    assert counters.away and counters.failures == 1
    own.start()
    assert counters.observe(hit("k", "3"), 2.0) is None  # the back-off
    assert counters.failures == 1
    clock.now = 0.25
    assert counters.observe(hit("k", "4"), 3.0) == [1]  # empty, and the script is there again
    assert not counters.away
    counters.close()


def test_the_back_off_doubles_and_ends(tmp_path: Path) -> None:
    clock = Clock()
    counters = RedisCounters(f"unix://{tmp_path}/nobody.sock", clock=clock)
    tried = []
    for tick in range(200):
        clock.now = tick / 8
        before = counters.failures
        assert counters.observe(hit("k", "m"), clock.now) is None
        if counters.failures > before:
            tried.append(clock.now)
    assert tried == [0, 0.25, 0.75, 1.75, 3.75, 7.75, 12.75, 17.75, 22.75]


def test_a_script_that_is_gone_is_sent_again(server: RedisServer) -> None:
    clock = Clock()
    counters = RedisCounters(server.url, timeout=LONG, clock=clock)
    counters.observe(hit("k", "1"), 0.0)
    with server.client() as client:
        client.script_flush()
    assert counters.observe(hit("k", "2"), 1.0) is None
    clock.now = 1.0
    assert counters.observe(hit("k", "3"), 2.0) == [2]
    counters.close()


async def eventually(what: Callable[[], Awaitable[bool]]) -> None:
    async with asyncio.timeout(10):
        while not await what():
            await asyncio.sleep(0.01)


def test_no_call_waits_for_a_redis_that_hangs(own: RedisServer) -> None:
    async def main() -> None:
        counters = AsyncRedisCounters(own.url)
        assert await counters.connect()

        async def there() -> bool:
            return await counters.observe(hit("k", "1"), 0.0) is not None

        await eventually(there)
        own.hang()
        began = time.perf_counter()
        answers = await asyncio.gather(*(counters.observe(hit("k", str(i)), 1.0) for i in range(50)))
        assert answers == [None] * 50 and counters.away
        assert 0.01 < time.perf_counter() - began < 0.5
        began = time.perf_counter()
        for i in range(1000):
            assert await counters.observe(hit("k", str(i)), 1.0) is None
        assert time.perf_counter() - began < 0.25  # it is not even asked
        own.go_on()
        await eventually(there)
        assert not counters.away and counters.failures >= 1
        await counters.close()

    asyncio.run(main())


def test_calls_that_come_together_go_together(server: RedisServer) -> None:
    async def main() -> None:
        counters = AsyncRedisCounters(server.url, timeout=LONG)
        assert await counters.connect()
        with server.client() as client:
            before = client.info("commandstats")["cmdstat_evalsha"]["calls"]
            wide = Meter("wide", ("caller",), 10.0)
            calls = [counters.observe(hit("k", str(i), wide), 0.0) for i in range(900)]
            assert await asyncio.gather(*calls) == [[i] for i in range(1, 901)]
            assert client.info("commandstats")["cmdstat_evalsha"]["calls"] - before == 2
        assert await counters.observe([], 0.0) == []
        await counters.close()

    asyncio.run(main())


def test_a_caller_who_gives_up_disturbs_nobody(server: RedisServer) -> None:
    async def main() -> None:
        counters = AsyncRedisCounters(server.url, timeout=LONG)
        assert await counters.connect()
        first, second = (asyncio.create_task(counters.observe(hit("k", m), 0.0)) for m in "ab")
        await asyncio.sleep(0)
        first.cancel()
        assert await second == [2]
        await counters.close()

    asyncio.run(main())


def test_counting_begins_before_redis_is_reached_and_goes_on_after_closing(server: RedisServer) -> None:
    async def main() -> None:
        counters = AsyncRedisCounters(server.url, timeout=LONG)
        assert counters.away
        assert await counters.observe(hit("k", "1"), 0.0) is None

        async def there() -> bool:
            return await counters.observe(hit("k", "2"), 0.0) is not None

        await eventually(there)
        waiting = asyncio.create_task(counters.observe(hit("k", "3"), 0.0))
        await asyncio.sleep(0)
        await counters.close()
        assert await waiting is None
        assert counters.away

    asyncio.run(main())


def test_a_stranger_in_place_of_redis_is_away() -> None:
    """Something that answers everything with nonsense."""
    with socket.create_server(("127.0.0.1", 0)) as listening:

        def babble() -> None:
            while True:
                try:
                    connection, _ = listening.accept()
                except OSError:
                    return
                with connection:
                    connection.recv(100)
                    connection.sendall(b"SIP/2.0 400 Bad Request\r\n\r\n")

        threading.Thread(target=babble, daemon=True).start()
        url = f"redis://127.0.0.1:{listening.getsockname()[1]}"
        waiting = RedisCounters(url, timeout=LONG)
        assert waiting.observe(hit("k", "m"), 0.0) is None and waiting.failures == 1

        async def main() -> None:
            counters = AsyncRedisCounters(url, timeout=LONG)
            assert not await counters.connect()
            assert await counters.observe(hit("k", "m"), 0.0) is None
            await counters.close()

        asyncio.run(main())
        listening.shutdown(socket.SHUT_RDWR)


@pytest.mark.parametrize("kind", [RedisCounters, AsyncRedisCounters])
def test_an_address_that_is_none_is_refused_without_its_password(kind: type[RedisCounters]) -> None:
    with pytest.raises(ConfigError, match="write redis://") as caught:
        kind("http://user:secret@127.0.0.1")
    assert "secret" not in str(caught.value) and "\n" not in str(caught.value)
