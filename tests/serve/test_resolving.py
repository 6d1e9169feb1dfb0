from __future__ import annotations

import asyncio
import socket
import threading

import pytest
from tests.serve.servers import eventually

from ringfence.serve.resolving import SystemResolver


def _lookups() -> list[threading.Thread]:
    return [thread for thread in threading.enumerate() if thread.name.startswith("lookup slow.example")]


def test_the_system_knows_this_machine() -> None:
    found = asyncio.run(SystemResolver(1)("localhost", 443))
    assert found and set(found) <= {"127.0.0.1", "::1"}


@pytest.mark.parametrize("host", ["nowhere.invalid", "a" * 70 + ".invalid", "\ud800"])
def test_names_without_an_address_are_an_oserror(host: str) -> None:
    with pytest.raises(OSError):
        asyncio.run(SystemResolver(1)(host, 443))


def test_lookups_that_never_end_are_bounded_and_hold_up_nothing(monkeypatch: pytest.MonkeyPatch) -> None:
    # the one thing that cannot be had on loopback: a name server that never answers
    answer = threading.Event()

    def never(host: str, port: int, **_: object) -> list[object]:
        answer.wait()
        raise socket.gaierror("too late")

    monkeypatch.setattr(socket, "getaddrinfo", never)

    async def many() -> None:
        resolve = SystemResolver(2)
        for _ in range(2):
            with pytest.raises(TimeoutError):
                async with asyncio.timeout(0.01):
                    await resolve("slow.example", 443)
        with pytest.raises(OSError, match="too many"):
            await resolve("slow.example", 443)
        assert len(_lookups()) == 2 and all(thread.daemon for thread in _lookups())
        answer.set()
        while _lookups():
            await asyncio.sleep(0.01)
        with pytest.raises(OSError, match="too late"):
            await resolve("slow.example", 443)

    asyncio.run(many())


def test_an_answer_after_the_loop_has_ended_does_no_harm(monkeypatch: pytest.MonkeyPatch) -> None:
    answer = threading.Event()
    monkeypatch.setattr(socket, "getaddrinfo", lambda *_, **__: answer.wait() and [])
    resolve = SystemResolver(1)

    async def give_up() -> None:
        with pytest.raises(TimeoutError):
            async with asyncio.timeout(0.01):
                await resolve("slow.example", 443)

    asyncio.run(give_up())
    answer.set()
    assert eventually(lambda: not _lookups())
