"""Counters of several screens: each counts what it sees itself, and what all see is in a store they share.

The store's count holds, unless the process alone counted more: both are counts of calls that were made, so
neither is too high, and a store that comes back empty does not make a screen forget. While the store is away,
the process counts alone at once.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Protocol

from ringfence.model.counting import Hit
from ringfence.screen.counters import Counters


class _State(Protocol):
    @property
    def away(self) -> bool: ...

    @property
    def failures(self) -> int: ...


class SharedStore(_State, Protocol):
    """A store that says None where it is away; `ringfence.store.redis_counters.RedisCounters`."""

    def observe(self, hits: Sequence[Hit], now: float) -> list[int] | None: ...


class AsyncSharedStore(_State, Protocol):
    """The same, to be awaited; `ringfence.store.redis_counters.AsyncRedisCounters`."""

    async def observe(self, hits: Sequence[Hit], now: float) -> list[int] | None: ...

    async def connect(self) -> bool: ...

    async def close(self) -> None: ...


class _Both:
    """The process's own counters, and the figures that the metrics tell."""

    def __init__(self, own: Counters, state: _State) -> None:
        self.own = own
        self._state = state
        #: calls that were counted in this process alone
        self.alone = 0

    def __len__(self) -> int:
        """Keys held in the process."""
        return len(self.own)

    @property
    def away(self) -> bool:
        """Whether the store is away now."""
        return self._state.away

    @property
    def failures(self) -> int:
        """How often the store was asked in vain since the start."""
        return self._state.failures

    def _more(self, own: list[int], shared: list[int] | None) -> list[int]:
        if shared is None:
            self.alone += 1
            return own
        return [max(pair) for pair in zip(own, shared, strict=True)]


class SharedCounters(_Both):
    """A `CounterStore` of several screens. Not for threads."""

    def __init__(self, own: Counters, store: SharedStore) -> None:
        super().__init__(own, store)
        self._store = store

    def observe(self, hits: Sequence[Hit], now: float) -> list[int]:
        """Add the hits and count, as `CounterStore` has it. now: seconds."""
        return self._more(self.own.observe(hits, now), self._store.observe(hits, now))


class AsyncSharedCounters(_Both):
    """The same for an event loop: other calls go on while one waits for the store."""

    def __init__(self, own: Counters, store: AsyncSharedStore) -> None:
        super().__init__(own, store)
        self._store = store

    async def observe(self, hits: Sequence[Hit], now: float) -> list[int]:
        """Add the hits and count, as `CounterStore` has it. now: seconds."""
        return self._more(self.own.observe(hits, now), await self._store.observe(hits, now))

    async def connect(self) -> bool:
        """Try the store now, and say whether it is there."""
        return await self._store.connect()

    async def close(self) -> None:
        """Let go of the store."""
        await self._store.close()
