"""How many fetches run at a time, in all and from one host."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager


class Slots:
    """Turns for hosts. For one event loop."""

    def __init__(self, concurrent: int, per_host: int) -> None:
        self._all = asyncio.Semaphore(concurrent)
        self._per_host = per_host
        #: turns of each host with somebody who holds or awaits one, and how many those are
        self._hosts: dict[str, tuple[asyncio.Semaphore, int]] = {}

    @asynccontextmanager
    async def turn(self, host: str) -> AsyncIterator[None]:
        """Wait for a turn, and hold it in the body. First the host's: those who wait for a slow host must
        not take the turns of others."""
        turns, users = self._hosts.get(host) or (asyncio.Semaphore(self._per_host), 0)
        self._hosts[host] = turns, users + 1
        try:
            async with turns, self._all:
                yield
        finally:
            turns, users = self._hosts.pop(host)
            if users > 1:
                self._hosts[host] = turns, users - 1

    def __len__(self) -> int:
        """Hosts that somebody is asking or waiting to ask."""
        return len(self._hosts)
