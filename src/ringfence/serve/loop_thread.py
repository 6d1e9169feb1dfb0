"""An event loop in a thread of its own, so that slow servers never hold up the threads that judge calls, and
so that callers with and without a loop can share what it does."""

from __future__ import annotations

import asyncio
import threading
from collections.abc import Callable, Coroutine
from typing import Any


class LoopThread:
    """Runs coroutines until it is closed. The thread starts with the first, and anew after a fork."""

    def __init__(self, name: str) -> None:
        self._name = name
        self._lock = threading.Lock()
        self._thread: threading.Thread | None = None
        self._loop: asyncio.AbstractEventLoop | None = None
        self._closed = False

    def run(self, start: Callable[[], Coroutine[Any, Any, None]]) -> bool:
        """Have the coroutine that `start` makes run there; False once closed, and then it is not made."""
        with self._lock:
            if self._closed:
                return False
            if self._thread is None or not self._thread.is_alive():
                self._start()
            assert self._loop is not None
            self._loop.call_soon_threadsafe(self._spawn, start)
            return True

    def close(self) -> None:
        """Cancel what runs, and return when all of it has ended."""
        with self._lock:
            self._closed = True
            thread, loop = self._thread, self._loop
        if thread is not None and thread.is_alive() and loop is not None:
            loop.call_soon_threadsafe(self._stop.set)
            thread.join()

    def _start(self) -> None:
        ready = threading.Event()
        self._thread = threading.Thread(
            target=lambda: asyncio.run(self._main(ready)), name=self._name, daemon=True
        )
        self._thread.start()
        ready.wait()

    async def _main(self, ready: threading.Event) -> None:
        self._loop = asyncio.get_running_loop()
        self._stop = asyncio.Event()
        self._tasks: set[asyncio.Task[None]] = set()
        ready.set()
        await self._stop.wait()
        await asyncio.sleep(0)  # what was started last begins, so that it learns that it is cancelled

    def _spawn(self, start: Callable[[], Coroutine[Any, Any, None]]) -> None:
        # the loop itself holds tasks only weakly
        task = asyncio.ensure_future(start())
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)
