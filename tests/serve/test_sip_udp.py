from __future__ import annotations

import asyncio
import socket
import time

import pytest
from tests.ingest.wire import request
from tests.serve.sip_toy import LOOPBACKS, Datagrams, Toy, running

from ringfence.serve.sip_edge import bind
from ringfence.serve.sip_queue import SipQueue
from ringfence.serve.sip_udp import UdpSocket


def asked(via: str = "", **how: str) -> bytes:
    data = request(**how)  # type: ignore[arg-type]
    return data.replace(b"192.0.2.1:5060;branch=z9hG4bKone", via.encode()) if via else data


@pytest.mark.parametrize("host", LOOPBACKS)
def test_answers_come_back_to_where_via_says(host: str) -> None:
    async def main() -> None:
        toy = Toy()
        async with running(toy, host, transports=("udp",)) as (_, [server]):
            with Datagrams(server) as one, Datagrams(server) as two:
                shown = f"[{host}]" if ":" in host else host
                one.send(asked(f"192.0.2.1;branch=z9hG4bKa;rport;received=192.0.2.5;maddr={shown}"))
                found = await one.answer()
                assert found.status == 603
                assert (found.get("via") or "").endswith(
                    f"rport={one.address[1]};maddr={shown};received={host}"
                )
                # without rport the port in Via is where answers go, whoever sent it
                one.send(asked(f"{shown}:{two.address[1]};branch=z9hG4bKa", called="+15550100"))
                found = await two.answer()
                assert found.status == 302 and one.silent()
                assert [seen[1:3] for seen in toy.seen] == [(one.address, "udp")] * 2

    asyncio.run(main())


def test_the_time_that_a_datagram_waited_in_the_kernel_counts() -> None:
    async def main() -> None:
        toy = Toy()
        async with running(toy, "127.0.0.1", transports=("udp",)) as (edge, [server]):
            with Datagrams(server) as caller:
                via = f"127.0.0.1:{caller.address[1]};branch=z9hG4bKa"
                caller.send(asked(via))
                time.sleep(0.7)  # the loop stands still
                assert (await caller.answer()).status == 404
                assert edge.counts.late == 1
                before = time.time()
                caller.send(asked(via))
                await caller.answer()
                assert before - 0.01 <= toy.seen[0][3] <= time.time()

    asyncio.run(main())


def test_a_batch_leaves_the_rest_for_the_next_wake() -> None:
    async def main() -> None:
        sock = bind("127.0.0.1", 0)
        queue = SipQueue(Toy())
        datagrams = UdpSocket(sock, queue)
        with Datagrams(sock.getsockname()) as caller:
            for _ in range(5):
                caller.send(asked())
            assert [datagrams.read(3), datagrams.read(3), datagrams.read(3)] == [3, 2, 0]
            assert queue.waiting == 5
            datagrams.pause()
            caller.send(asked())
            await asyncio.sleep(0.05)
            assert queue.counts.received == 5
            await queue.drain(1)
        datagrams.close()
        assert sock.fileno() < 0

    asyncio.run(main())


def test_what_cannot_be_sent_is_no_fault() -> None:
    async def main() -> None:
        sock = bind("127.0.0.1", 0)
        datagrams = UdpSocket(sock, SipQueue(Toy()))
        assert datagrams.reply(None, ("127.0.0.1", 9))
        assert datagrams.reply(b"SIP/2.0 200 OK\r\nVia: SIP/2.0/UDP x:9\r\n\r\n", ("127.0.0.1", 9))
        assert not datagrams.reply(b"x" * 70_000, ("127.0.0.1", 9))
        assert not datagrams.reply(b"x", ("127.0.0.1", 0))
        datagrams.close()
        assert datagrams.read() == 0

    asyncio.run(main())


def test_hostile_datagrams_change_nothing(caplog: pytest.LogCaptureFixture) -> None:
    async def main() -> None:
        async with running(Toy(), "127.0.0.1", transports=("udp",)) as (edge, [server]):
            with Datagrams(server) as caller:
                good = asked(f"127.0.0.1:{caller.address[1]};branch=z9hG4bKa")
                for data in (b"", b"\r\n\r\n", b"\xff" * 1000, good[:-10], good[:60], b"INVITE " * 9000):
                    caller.send(data)
                for place in range(0, len(good), 3):
                    caller.send(good[:place] + b"\x00\xff" + good[place + 1 :])
                caller.send(good.replace(b"call-1", b"the-last"))
                while (await caller.answer()).get("call-id") != "the-last@192.0.2.1":
                    pass
                assert edge.counts.failures == 0 and edge.counts.ignored >= 4

    asyncio.run(main())
    assert not caplog.records


def test_where_the_kernel_tells_no_time_ours_is_taken(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("ringfence.serve.sip_udp._SO_TIMESTAMPNS", None)

    async def main() -> None:
        toy = Toy()
        async with running(toy, "127.0.0.1", transports=("udp",)) as (_, [server]):
            with Datagrams(server) as caller:
                caller.send(asked(f"127.0.0.1:{caller.address[1]};branch=z9hG4bKa"))
                await caller.answer()
        assert abs(time.time() - toy.seen[0][3]) < 5

    asyncio.run(main())


def test_the_kernel_keeps_more_than_usual() -> None:
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as usual, bind("127.0.0.1", 0) as ours:
        sizes = [s.getsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF) for s in (usual, ours)]
        assert sizes[1] >= sizes[0]
