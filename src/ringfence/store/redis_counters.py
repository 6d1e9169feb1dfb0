"""Counters that several screens share, in Redis: the same counts as in the process, in one round trip a call.

One script (EVALSHA) takes all the hits of a call. Of each meter and key Redis holds a sorted set of members
by latest time, and drops it `_LATE_SECONDS` after its window. Under a flood of new numbers its own
`maxmemory` bounds it, with a policy that evicts (docs/how-to/share-counters.md); `advice` says so where one
is missing.

A round trip gets `timeout`, by default 20 ms. One answer that is late or wrong, and Redis is away: no call
asks it, until a trial after a back-off, which doubles from `FIRST_BACK_OFF` to `LONGEST_BACK_OFF` seconds,
finds that it answers in time again. Meanwhile `observe` says None at once, and who asked counts alone:
`ringfence.screen.shared_counters`. What was counted alone does not reach Redis later.
"""

from __future__ import annotations

import asyncio
import contextlib
import functools
import hashlib
import logging
import math
import time
from collections.abc import Callable, Iterable, Mapping, Sequence
from typing import Any

import redis
import redis.asyncio
from redis.asyncio.retry import Retry as AsyncRetry
from redis.backoff import NoBackoff
from redis.retry import Retry

from ringfence.errors import ConfigError
from ringfence.model.counting import Hit, Meter

_log = logging.getLogger(__name__)

TIMEOUT = 0.02  # seconds that a call waits for Redis
FIRST_BACK_OFF = 0.25
LONGEST_BACK_OFF = 5.0
_CONNECT_SECONDS = 1.0  # for a trial, which no call waits for
#: Clocks of screens may differ by this much without a key being forgotten early.
_LATE_SECONDS = 5.0
_YEARS = 1e9  # the longest that a key is kept
#: Hits in one run of the script: it holds up every other client of that Redis, for some 2 ms.
_MOST_HITS = 500

#: `ringfence.screen.counters.Counters` in Lua. KEYS: one a hit. ARGV: now, seconds, most, milliseconds to
#: keep and member of each. Times are written with 17 digits, which is all that a double has.
SCRIPT = """
local counts = {}
for i, key in ipairs(KEYS) do
  local at = 5 * i - 4
  local now, seconds, most = tonumber(ARGV[at]), tonumber(ARGV[at + 1]), tonumber(ARGV[at + 2])
  local newest = tonumber(redis.call('ZRANGE', key, -1, -1, 'WITHSCORES')[2] or nil)
  if newest and newest - seconds > now then
    redis.call('DEL', key)
  elseif newest then
    now = math.max(now, newest)
    redis.call('ZREMRANGEBYSCORE', key, '-inf', string.format('%.17g', now - seconds))
  end
  redis.call('ZADD', key, string.format('%.17g', now), ARGV[at + 4])
  local count = newest and redis.call('ZCARD', key) or 1
  if count > most then
    redis.call('ZREMRANGEBYRANK', key, 0, count - most - 1)
    count = most
  end
  redis.call('PEXPIRE', key, ARGV[at + 3])
  counts[i] = count
end
return counts
"""
_SHA = hashlib.sha1(SCRIPT.encode()).hexdigest()


class Breaker:
    """Whether a store is asked. clock: seconds that only go on."""

    def __init__(self, clock: Callable[[], float]) -> None:
        self._clock = clock
        #: not reached, or not tried yet
        self.away = True
        #: how often it was asked in vain
        self.failures = 0
        self._back_off = 0.0
        self._until = -math.inf

    @property
    def due(self) -> bool:
        """Whether a store that is away is to be tried again."""
        return self._clock() >= self._until

    def failed(self, why: BaseException) -> None:
        self.failures += 1
        self._back_off = min(max(2 * self._back_off, FIRST_BACK_OFF), LONGEST_BACK_OFF)
        self._until = self._clock() + self._back_off
        if not self.away or self.failures == 1:
            _log.warning("counters: Redis is away (%s); this process counts alone", _in_words(why))
        self.away = True

    def succeeded(self) -> None:
        if self.away:
            _log.info("counters: Redis is there; counts are shared")
        self.away = False
        self._back_off = 0.0


def _client(kind: Any, retry: Any, url: str, **limits: float) -> Any:
    try:
        # one try, no questions beside the script's: what is late is no use
        return kind.from_url(url, retry=retry(NoBackoff(), 0), protocol=2, driver_info=None, **limits)
    except ValueError as error:
        # without the address: there may be a password in it
        raise ConfigError(
            f"address of Redis: {error}; write redis://127.0.0.1:6379/0 or unix:///run/redis/redis.sock"
        ) from None


@functools.lru_cache(maxsize=1024)
def _place(prefix: str, meter: Meter) -> bytes:
    """What the keys of a meter begin with; another length of the window goes on counting."""
    per = ",".join(meter.per)
    return f"{prefix}:{meter.name}:{per}:{meter.distinct}:".encode("utf-8", "surrogatepass")


def _asked(prefix: str, calls: Iterable[tuple[Sequence[Hit], float]]) -> list[Any]:
    """Arguments of EVALSHA after the script: how many keys, the keys, and what belongs to each."""
    keys: list[bytes] = []
    rest: list[bytes | float | int] = []
    for hits, now in calls:
        for hit in hits:
            meter = hit.meter
            keys.append(_place(prefix, meter) + hit.key.encode("utf-8", "surrogatepass"))
            kept = math.ceil(min(meter.seconds + _LATE_SECONDS, _YEARS) * 1000)
            member = hit.member.encode("utf-8", "surrogatepass")
            rest += (now, meter.seconds, meter.most, kept, member)
    return [len(keys), *keys, *rest]


def _probe(prefix: str) -> list[Any]:
    """Something to count that tells whether Redis takes writes."""
    return _asked(prefix, [([Hit(Meter("probe", (), 1.0, most=1), "", "")], 0.0)])


def _advice(memory: Mapping[str, Any]) -> str:
    """memory: what INFO memory says."""
    if not memory.get("maxmemory"):
        return "Redis has no maxmemory: a flood of new numbers fills it; set maxmemory and an evicting policy"
    if memory.get("maxmemory_policy") == "noeviction":
        return "Redis evicts nothing: once full it counts no more; set maxmemory-policy allkeys-lru"
    return ""


def _in_words(error: BaseException) -> str:
    return str(error) or {"TimeoutError": "no answer in time"}.get(type(error).__name__, type(error).__name__)


class AsyncRedisCounters:
    """Counts in one Redis, for one event loop. Calls that come while Redis works on others go in one round
    trip, so that a call waits for two at most.

    url: redis://HOST:PORT/DB, rediss:// (TLS), unix:///SOCKET; with user and password where needed.
    timeout: seconds. prefix: of all its keys; screens that share counts have the same.
    """

    def __init__(
        self,
        url: str,
        *,
        timeout: float = TIMEOUT,
        prefix: str = "ringfence",
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        self._timeout = timeout
        self._prefix = prefix
        self._breaker = Breaker(clock)
        self._url = url
        self._client = self._new_client()
        self._waiting: list[tuple[Sequence[Hit], float, asyncio.Future[list[int] | None]]] = []
        self._sending: asyncio.Task[None] | None = None
        self._trying: asyncio.Task[bool] | None = None
        #: what the operator should change in Redis, "" where nothing is known
        self.advice = ""

    @property
    def away(self) -> bool:
        """Whether counts are not shared now."""
        return self._breaker.away

    @property
    def failures(self) -> int:
        """How often Redis was asked in vain since the start."""
        return self._breaker.failures

    async def observe(self, hits: Sequence[Hit], now: float) -> list[int] | None:
        """As `CounterStore.observe`; None where Redis is away. now: seconds. Never raises for Redis."""
        if self._breaker.away:
            if self._trying is None and self._breaker.due:
                self._trying = asyncio.create_task(self._try())
            return None
        if not hits:
            return []
        counts: asyncio.Future[list[int] | None] = asyncio.get_running_loop().create_future()
        self._waiting.append((hits, now, counts))
        if self._sending is None:
            self._sending = asyncio.create_task(self._send())
        return await counts

    async def connect(self) -> bool:
        """Try now, and say whether Redis is there."""
        if self._trying is None:
            self._trying = asyncio.create_task(self._try())
        return await asyncio.shield(self._trying)

    async def close(self) -> None:
        """Let go of the connection; whoever waits counts alone."""
        for task in (self._trying, self._sending):
            if task is not None:
                task.cancel()
                with contextlib.suppress(asyncio.CancelledError):
                    await task
        self._breaker.away = True
        self._let_go()  # a task that is cancelled before it began does not do it
        await self._client.aclose()

    def _let_go(self) -> None:
        """Whoever still waits counts alone."""
        self._sending = None
        for _, _, waiting in self._waiting:
            if not waiting.done():
                waiting.set_result(None)
        self._waiting.clear()

    async def _send(self) -> None:
        try:
            while self._waiting:
                batch = self._next()
                async with asyncio.timeout(self._timeout):
                    asked = _asked(self._prefix, ((hits, now) for hits, now, _ in batch))
                    reply: list[int] = await self._client.evalsha(_SHA, *asked)
                if len(reply) != asked[0]:
                    raise ValueError(f"{len(reply)} counts for {asked[0]} hits")
                del self._waiting[: len(batch)]
                rest = iter(reply)
                for hits, _, waiting in batch:
                    counts = [next(rest) for _ in hits]  # also of a call that was given up meanwhile
                    if not waiting.done():
                        waiting.set_result(counts)
        except Exception as error:  # whatever it is: no call waits for it, and none is lost
            self._breaker.failed(error)
        finally:
            self._let_go()

    def _next(self) -> list[tuple[Sequence[Hit], float, asyncio.Future[list[int] | None]]]:
        """The first of those that wait, as many as one run of the script may hold."""
        held = 0
        for count, (hits, _, _) in enumerate(self._waiting):
            held += len(hits)
            if held > _MOST_HITS and count:
                return self._waiting[:count]
        return self._waiting[:]

    async def _try(self) -> bool:
        """Connect anew and count something: an old connection may have an answer under way that nobody reads,
        and a Redis that is full or only read still says PONG."""
        probe = _probe(self._prefix)
        try:
            async with asyncio.timeout(_CONNECT_SECONDS):
                await self._client.aclose()
                self._client = self._new_client()
                await self._client.eval(SCRIPT, *probe)
                await self._look()
            async with asyncio.timeout(self._timeout):
                await self._client.evalsha(_SHA, *probe)
        except Exception as error:
            self._breaker.failed(error)
        else:
            self._breaker.succeeded()
        finally:
            self._trying = None
        return not self._breaker.away

    async def _look(self) -> None:
        try:
            self.advice = _told(_advice(await self._client.info("memory")), self.advice)
        except redis.ResponseError:
            self.advice = ""  # it may not be asked: what it has is its keeper's affair

    def _new_client(self) -> Any:
        return _client(redis.asyncio.Redis, AsyncRetry, self._url)


class RedisCounters:
    """Counts in one Redis, for one thread that may wait; see `AsyncRedisCounters`. A call that comes when a
    trial is due waits for it, as long as a few answers may take."""

    def __init__(
        self,
        url: str,
        *,
        timeout: float = TIMEOUT,
        prefix: str = "ringfence",
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        self._prefix = prefix
        self._breaker = Breaker(clock)
        self._client = _client(
            redis.Redis, Retry, url, socket_timeout=timeout, socket_connect_timeout=timeout
        )
        #: what the operator should change in Redis, "" where nothing is known
        self.advice = ""

    @property
    def away(self) -> bool:
        """Whether counts are not shared now."""
        return self._breaker.away

    @property
    def failures(self) -> int:
        """How often Redis was asked in vain since the start."""
        return self._breaker.failures

    def observe(self, hits: Sequence[Hit], now: float) -> list[int] | None:
        """As `CounterStore.observe`; None where Redis is away. now: seconds. Never raises for Redis."""
        if self._breaker.away and not (self._breaker.due and self.connect()):
            return None
        if not hits:
            return []
        asked = _asked(self._prefix, [(hits, now)])
        try:
            reply: list[int] = self._client.evalsha(_SHA, *asked)
            if len(reply) != len(hits):
                raise ValueError(f"{len(reply)} counts for {len(hits)} hits")
        except Exception as error:  # whatever it is: no call is lost for it
            self._failed(error)
            return None
        return reply

    def connect(self) -> bool:
        """Try now, and say whether Redis is there."""
        probe = _probe(self._prefix)
        try:
            self._client.eval(SCRIPT, *probe)
            with contextlib.suppress(redis.ResponseError):
                self.advice = _told(_advice(self._client.info("memory")), self.advice)
            self._client.evalsha(_SHA, *probe)
        except Exception as error:
            self._failed(error)
        else:
            self._breaker.succeeded()
        return not self._breaker.away

    def close(self) -> None:
        """Let go of the connection."""
        self._breaker.away = True
        self._client.close()

    def _failed(self, why: Exception) -> None:
        self._breaker.failed(why)
        # an answer that is still under way must not be read as another's
        self._client.connection_pool.disconnect()


def _told(advice: str, before: str) -> str:
    if advice and advice != before:
        _log.warning("counters: %s", advice)
    return advice
