"""The decision log in a real JetStream: whole, whatever dies."""

from __future__ import annotations

import asyncio
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import msgspec
import nats
import pytest
from tests.serve.nats_server import NatsServer
from tests.store.test_decision_log import row

from ringfence.errors import ConfigError, RingfenceError
from ringfence.numbers.hiding import tokenise_records
from ringfence.numbers.tokens import is_token, new_key
from ringfence.serve.decision_stream import STREAM, SUBJECT, DecisionStream
from ringfence.store.decision_export import export
from ringfence.store.decision_log import DecisionLog


@pytest.fixture
def server(tmp_path: Path) -> Iterator[NatsServer]:
    server = NatsServer(tmp_path)
    yield server
    server.kill()


async def read(server: NatsServer) -> list[tuple[str, dict[str, Any]]]:
    """All messages of the stream."""
    client = await nats.connect(server.url)
    jetstream = client.jetstream()
    count = (await jetstream.stream_info(STREAM)).state.messages
    got = []
    subscription = await jetstream.subscribe(f"{SUBJECT}.>", stream=STREAM, ordered_consumer=True)
    for _ in range(count):
        message = await subscription.next_msg(timeout=10)
        got.append((message.subject, msgspec.json.decode(message.data)))
    await client.close()
    return got


def ids(got: list[tuple[str, dict[str, Any]]]) -> list[str]:
    return [message["call_id"] for _, message in got]


async def once(stream: DecisionStream) -> None:
    await asyncio.wait_for(stream.run(asyncio.Event(), once=True), 30)


def test_what_the_log_has_is_streamed(server: NatsServer, tmp_path: Path) -> None:
    folder, said = tmp_path / "log", list[str]()
    with DecisionLog(folder, segment_bytes=2000) as log:
        for i in range(20):
            log.append(row(i))
        stream = DecisionStream(folder, server.url, told=said.append)
        asyncio.run(once(stream))  # the segment that is still written too
        got = asyncio.run(read(server))
        assert ids(got) == [f"r{i}" for i in range(20)] and stream.rows == 20 and not said
        subject, message = got[0]
        assert subject == "ringfence.decisions.block" and message["caller"] == "+442079460001"
        assert message["start_time"] == "2026-03-01T12:00:00.000000+00:00" and "answer_time" not in message
        log.append(row(20))
    assert export(folder, tmp_path / "out")[1] == 0
    assert len(list(folder.glob("*.log"))) == 1  # the one whose last row was not sent stays
    asyncio.run(once(DecisionStream(folder, server.url)))
    assert ids(asyncio.run(read(server))) == [f"r{i}" for i in range(21)]
    assert len(export(folder, tmp_path / "out")[0]) == 1 and not list(folder.glob("*.log"))


def test_numbers_are_hidden(server: NatsServer, tmp_path: Path) -> None:
    with DecisionLog(tmp_path / "log") as log:
        log.append(row(1))
    key = new_key()
    asyncio.run(once(DecisionStream(tmp_path / "log", server.url, hide=lambda t: tokenise_records(t, key))))
    message = asyncio.run(read(server))[0][1]
    assert is_token(message["caller"]) and message["caller_region"] == "GB"
    assert "+44" not in str(message)


def test_a_server_that_goes_and_comes_again(server: NatsServer, tmp_path: Path) -> None:
    said: list[str] = []

    async def main() -> None:
        stop = asyncio.Event()
        stream = DecisionStream(tmp_path / "log", server.url, told=said.append)
        running = asyncio.create_task(stream.run(stop))
        with DecisionLog(tmp_path / "log") as log:
            log.append(row(0))
            await until(lambda: stream.rows == 1)
            server.kill()
            for i in range(1, 50):
                log.append(row(i))
            await until(lambda: stream.away)
            server.start()
            await until(lambda: stream.rows == 50)
        stop.set()
        await asyncio.wait_for(running, 10)

    asyncio.run(main())
    assert ids(asyncio.run(read(server))) == [f"r{i}" for i in range(50)]
    assert [line.split(" (")[0] for line in said] == ["NATS is away", "NATS is there; decisions are streamed"]


async def until(holds: Any) -> None:
    for _ in range(3000):
        if holds():
            return
        await asyncio.sleep(0.01)
    raise AssertionError("never")


def test_a_death_before_it_was_noted_sends_twice_and_keeps_one(server: NatsServer, tmp_path: Path) -> None:
    with DecisionLog(tmp_path / "log") as log:
        for i in range(5):
            log.append(row(i))
    asyncio.run(once(DecisionStream(tmp_path / "log", server.url)))
    (tmp_path / "log" / "stream.json").write_text("{}")  # as if it had died before
    asyncio.run(once(DecisionStream(tmp_path / "log", server.url)))
    assert ids(asyncio.run(read(server))) == [f"r{i}" for i in range(5)]


def test_what_it_refuses(tmp_path: Path) -> None:
    with pytest.raises(ConfigError, match="write nats://"):
        DecisionStream(tmp_path, "somewhere")
    stream = DecisionStream(tmp_path, "nats://127.0.0.1:1")
    with pytest.raises(RingfenceError, match="another process"):
        DecisionStream(tmp_path, "nats://127.0.0.1:1")
    stop = asyncio.Event()
    stop.set()
    asyncio.run(stream.run(stop))
    (tmp_path / "stream.json").write_text("rubbish")
    with pytest.raises(RingfenceError, match="remove it"):
        DecisionStream(tmp_path, "nats://127.0.0.1:1")
