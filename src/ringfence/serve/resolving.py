"""Names to addresses, without waiting for those that never answer."""

from __future__ import annotations

import asyncio
import contextlib
import socket
import threading
from collections.abc import Awaitable, Callable

#: The addresses of a host and a port, in the order to try them, as text. Raises OSError when there are none.
Resolver = Callable[[str, int], Awaitable[list[str]]]


class SystemResolver:
    """Asks the system: /etc/hosts, DNS, whatever it is set to.

    The system's call cannot be ended. So each has a thread of its own that does not keep the process alive,
    and there are at most `most` of them, also counting those that nobody waits for any more.
    """

    def __init__(self, most: int) -> None:
        self._free = threading.BoundedSemaphore(most)

    async def __call__(self, host: str, port: int) -> list[str]:
        if not self._free.acquire(blocking=False):
            raise OSError("too many names are being looked up")
        loop = asyncio.get_running_loop()
        answer: asyncio.Future[list[str]] = loop.create_future()

        def settle(outcome: list[str] | Exception) -> None:
            if answer.done():  # nobody waits any more
                return
            if isinstance(outcome, Exception):
                answer.set_exception(outcome)
            else:
                answer.set_result(outcome)

        def ask() -> None:
            outcome: list[str] | Exception
            try:
                found = socket.getaddrinfo(host, port, type=socket.SOCK_STREAM)
                outcome = list(dict.fromkeys(str(address[0]) for *_, address in found))
            except (OSError, UnicodeError) as error:
                outcome = error if isinstance(error, OSError) else OSError("no name of the DNS")
            finally:
                self._free.release()
            with contextlib.suppress(RuntimeError):  # the loop may have ended meanwhile
                loop.call_soon_threadsafe(settle, outcome)

        try:
            threading.Thread(target=ask, name=f"lookup {host}", daemon=True).start()
        except RuntimeError as error:
            self._free.release()
            raise OSError("no thread to look it up") from error
        return await answer
