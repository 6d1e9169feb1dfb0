from __future__ import annotations

import asyncio
import gzip
import ssl
from pathlib import Path

import pytest
from tests.serve.servers import (
    HOST,
    PEM,
    Behaviour,
    Server,
    TestAuthority,
    answering,
    held,
    raw,
    resolving,
    serving,
    streaming,
)

from ringfence.serve.address_guard import AddressGuard
from ringfence.serve.fetch_target import Target
from ringfence.serve.http_get import HEAD_BYTES, Answer, Failure, Progress, get, printable
from ringfence.serve.resolving import Resolver

LOOPBACK = AddressGuard(["127.0.0.0/8"])
LIMIT = 65_536
LOCAL = resolving(["127.0.0.1"])


def _get(
    server: Server,
    scheme: str = "http",
    *,
    host: str = HOST,
    resolve: Resolver = LOCAL,
    guard: AddressGuard = LOOPBACK,
    tls: ssl.SSLContext | None = None,
    seconds: float = 20.0,
) -> Answer | Failure:
    async def main() -> Answer | Failure:
        loop = asyncio.get_running_loop()
        async with asyncio.timeout(seconds):
            return await get(
                Target(scheme, host, server.port, "/cert.pem", literal=host[0].isdigit()),
                guard=guard,
                resolve=resolve,
                tls=tls or ssl.create_default_context(),
                limit_bytes=LIMIT,
                deadline=loop.time() + seconds,
                progress=Progress(),
            )

    return asyncio.run(main())


def _failed(server: Server, kind: str, scheme: str = "http", **given: object) -> str:
    found = _get(server, scheme, **given)  # type: ignore[arg-type]
    assert isinstance(found, Failure) and found.kind == kind, found
    assert found.detail.isascii() and "\n" not in found.detail and len(found.detail) < 250
    assert server.all_closed()
    return found.detail


CHUNKED = b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n"

GOOD: dict[str, tuple[Behaviour, bytes]] = {
    "length": (answering(PEM), PEM),
    "until the end": (raw(b"HTTP/1.1 200 OK\r\n\r\n" + PEM), PEM),
    "HTTP/1.0": (raw(b"HTTP/1.0 200 OK\r\n\r\n" + PEM), PEM),
    "identity": (answering(PEM, "Content-Encoding: identity"), PEM),
    "chunks": (raw(CHUNKED + b"3\r\nabc\r\n2;name=value\r\nde\r\n0\r\n\r\n"), b"abcde"),
    "trailers": (raw(CHUNKED + b"3\r\nabc\r\n0\r\nExpires: 0\r\n\r\n"), b"abc"),
    "held open": (held(b"HTTP/1.1 200 OK\r\nContent-Length: 3\r\n\r\nabc"), b"abc"),
    "more than it said": (raw(b"HTTP/1.1 200 OK\r\nContent-Length: 3\r\n\r\nabcdef"), b"abc"),
    "early hints": (
        raw(b"HTTP/1.1 103 Early Hints\r\n\r\nHTTP/1.1 200 OK\r\nContent-Length: 1\r\n\r\nx"),
        b"x",
    ),
    "as large as may be": (answering(b"x" * LIMIT), b"x" * LIMIT),
}


@pytest.mark.parametrize("form", GOOD)
def test_each_form_of_an_answer_is_read(form: str) -> None:
    behave, body = GOOD[form]
    with serving(behave) as server:
        found = _get(server)
        assert isinstance(found, Answer) and (found.status, found.body) == (200, body)
        assert server.all_closed()


def test_the_request_says_little_and_asks_for_no_encoding() -> None:
    with serving(answering()) as server:
        _get(server)
        head = server.requests[0].decode()
    assert head.startswith("GET /cert.pem HTTP/1.1\r\n")
    assert f"host: {HOST}:{server.port}\r\n" in head.lower()
    assert "accept-encoding: identity\r\n" in head.lower() and "connection: close\r\n" in head.lower()
    assert "cookie" not in head.lower() and "referer" not in head.lower()


def test_another_status_needs_no_body() -> None:
    with serving(streaming(b"HTTP/1.1 404 Not Found\r\nContent-Length: 99999999\r\n\r\n", b"x")) as server:
        found = _get(server)
        assert isinstance(found, Answer) and (found.status, found.body) == (404, b"")
        assert server.all_closed()


OK = b"HTTP/1.1 200 OK\r\n"
BOMB = gzip.compress(bytes(10_000_000))

BAD: dict[str, tuple[Behaviour, str]] = {
    "10 MB announced": (held(OK + b"Content-Length: 10000000\r\n\r\n"), "too_large"),
    "one octet too many": (answering(b"x" * (LIMIT + 1)), "too_large"),
    "endless body": (streaming(OK + b"\r\n", b"x" * 1_000), "too_large"),
    "endless chunks": (streaming(CHUNKED, b"3e8\r\n" + b"x" * 1_000 + b"\r\n"), "too_large"),
    "framing without content": (streaming(CHUNKED, b"1" + b";x=y" * 20 + b"\r\nx\r\n"), "too_large"),
    "a chunk of 2**60": (held(CHUNKED + b"1000000000000000\r\n" + b"x" * 99_999), "too_large"),
    "endless chunk extension": (streaming(CHUNKED + b"1;", b"x" * 1_000), "protocol"),
    "endless trailers": (streaming(CHUNKED + b"0\r\n", b"X-More: yes\r\n" * 9), "protocol"),
    "endless headers": (streaming(OK, b"X-More: yes\r\n" * 9), "protocol"),
    "endless header": (streaming(OK + b"X-More: ", b"yes" * 99), "protocol"),
    "endless status line": (streaming(b"HTTP/1.1 200 ", b"O" * 99), "protocol"),
    "endless early hints": (streaming(b"", b"HTTP/1.1 103 Early Hints\r\n\r\n" * 9), "too_large"),
    "gzip bomb": (answering(BOMB, "Content-Encoding: gzip"), "encoding"),
    "gzip in disguise": (answering(BOMB, "content-encoding: GZIP , identity"), "encoding"),
    "gzip as transfer": (raw(OK + b"Transfer-Encoding: gzip, chunked\r\n\r\n" + BOMB), "protocol"),
    "cut off": (raw(OK + b"Content-Length: 500\r\n\r\nabc"), "protocol"),
    "cut off in a chunk": (raw(CHUNKED + b"500\r\nabc"), "protocol"),
    "cut off before the last chunk": (raw(CHUNKED + b"3\r\nabc\r\n"), "protocol"),
    "two lengths": (raw(OK + b"Content-Length: 3\r\nContent-Length: 4\r\n\r\nabcd"), "protocol"),
    "a negative length": (raw(OK + b"Content-Length: -3\r\n\r\nabcd"), "protocol"),
    "a chunk that is no number": (raw(CHUNKED + b"xyz\r\nabc\r\n0\r\n\r\n"), "protocol"),
    "garbage": (raw(bytes(range(256)) * 20), "protocol"),
    "another protocol": (raw(b"220 mail.example ESMTP\r\n"), "protocol"),
    "HTTP/0.9": (raw(PEM), "protocol"),
    "nothing": (raw(b""), "protocol"),
    "switching protocols": (
        held(b"HTTP/1.1 101 Switching\r\nUpgrade: x\r\nConnection: upgrade\r\n\r\n"),
        "protocol",
    ),
}


@pytest.mark.parametrize("form", BAD)
def test_each_hostile_answer_is_a_failure(form: str) -> None:
    behave, kind = BAD[form]
    with serving(behave) as server:
        _failed(server, kind)


def test_what_was_read_is_bounded() -> None:
    """Of an endless body no more is taken than the limit, one head, and what lies in the system's buffers."""
    sent = 0

    async def flood(reader: asyncio.StreamReader, writer: asyncio.StreamWriter, head: bytes) -> None:
        nonlocal sent
        writer.write(OK + b"\r\n")
        while True:
            writer.write(b"x" * 8_192)
            await writer.drain()
            sent += 8_192

    with serving(flood) as server:
        _failed(server, "too_large")
    assert sent < LIMIT + HEAD_BYTES + 12_000_000


def test_a_reset_is_a_failure() -> None:
    async def reset(reader: asyncio.StreamReader, writer: asyncio.StreamWriter, head: bytes) -> None:
        writer.write(OK + b"Content-Length: 100\r\n\r\n")
        await writer.drain()
        writer.transport.abort()

    with serving(reset) as server:
        assert isinstance(_get(server), Failure)


def test_half_closed_servers_are_read_to_their_end() -> None:
    async def half(reader: asyncio.StreamReader, writer: asyncio.StreamWriter, head: bytes) -> None:
        writer.write(OK + b"\r\n" + PEM)
        writer.write_eof()
        await reader.read()

    with serving(half) as server:
        found = _get(server)
        assert isinstance(found, Answer) and found.body == PEM
        assert server.all_closed()


@pytest.mark.parametrize(
    "address", ["127.0.0.1", "10.0.0.1", "169.254.169.254", "::1", "::ffff:127.0.0.1", "64:ff9b::7f00:1"]
)
def test_a_name_that_leads_inside_is_not_connected_to(address: str) -> None:
    with serving(answering()) as server:
        detail = _failed(server, "address", guard=AddressGuard(), resolve=resolving([address]))
        assert server.connections == 0
    assert address in detail


def test_addresses_in_urls_are_checked_too() -> None:
    with serving(answering()) as server:
        assert "loopback" in _failed(server, "address", host="127.0.0.1", guard=AddressGuard())
        assert server.connections == 0
        assert isinstance(_get(server, host="127.0.0.1"), Answer)


def test_of_several_addresses_only_allowed_ones_are_tried() -> None:
    with serving(answering()) as server:
        assert isinstance(_get(server, resolve=resolving(["10.0.0.1", "::1", "127.0.0.1"])), Answer)
        # the first refuses connections
        assert isinstance(_get(server, resolve=resolving(["127.9.9.9", "127.0.0.1"])), Answer)
        assert "127.9.9.9" in _failed(server, "connection", resolve=resolving(["127.9.9.9"]))
        assert "no address" in _failed(server, "dns", resolve=resolving([]))
        assert "no address" in _failed(server, "address", resolve=resolving(["what\nis this"]))


def test_an_answer_that_changes_the_second_time_changes_nothing() -> None:
    """DNS rebinding: public when it is checked, inside when it is connected to. It is asked but once."""
    asked = []

    async def rebinding(host: str, port: int) -> list[str]:
        asked.append(host)
        return ["127.0.0.2"] if len(asked) == 1 else ["127.0.0.1"]

    with serving(answering()) as server:
        _failed(server, "connection", guard=AddressGuard(["127.0.0.2/32"]), resolve=rebinding)
        assert asked == [HOST]
        _failed(server, "address", guard=AddressGuard(["127.0.0.2/32"]), resolve=rebinding)
        assert server.connections == 0


def test_the_address_of_the_connected_socket_is_what_counts() -> None:
    """The system connects 0.0.0.0 to this machine: only the socket itself shows it."""
    with serving(answering()) as server:
        detail = _failed(server, "address", guard=AddressGuard(["0.0.0.0/8"]), resolve=resolving(["0.0.0.0"]))
        assert detail == f"{HOST}: connected to 127.0.0.1, which is loopback"
        assert server.requests == []


def test_a_resolver_that_fails_is_a_failure() -> None:
    async def broken(host: str, port: int) -> list[str]:
        raise OSError(-3, "Temporary failure in name resolution")

    with serving(answering()) as server:
        assert _failed(server, "dns", resolve=broken) == (
            f"{HOST}: no address: Temporary failure in name resolution"
        )


def test_tls_is_verified(tmp_path: Path) -> None:
    authority = TestAuthority(tmp_path)
    ours = ssl.create_default_context(cafile=authority.file)
    with serving(answering(), authority.server()) as server:
        found = _get(server, "https", tls=ours)
        assert isinstance(found, Answer) and found.body == PEM
        assert server.all_closed()
        assert "issuer certificate" in _failed(server, "tls", "https")  # the system's authorities
        assert "certs.other" in _failed(server, "tls", "https", tls=ours, host="certs.other")
    with serving(answering(), authority.server("127.0.0.1")) as server:
        assert isinstance(_get(server, "https", tls=ours, host="127.0.0.1"), Answer)
    with serving(answering(), authority.server(days=-1)) as server:
        assert "expired" in _failed(server, "tls", "https", tls=ours)
    with serving(answering(), authority.server(self_signed=True)) as server:
        assert "not accepted" in _failed(server, "tls", "https", tls=ours)
    with serving(answering(), authority.server("*.certs.example")) as server:
        assert isinstance(_get(server, "https", tls=ours, host="x5u.certs.example"), Answer)


def test_the_name_of_the_url_is_sent_in_the_handshake(tmp_path: Path) -> None:
    authority = TestAuthority(tmp_path)
    tls = authority.server()
    names: list[str | None] = []
    tls.sni_callback = lambda _socket, name, _context: names.append(name)  # type: ignore[assignment]
    with serving(answering(), tls) as server:
        _get(server, "https", tls=ssl.create_default_context(cafile=authority.file))
    assert names == [HOST]


def test_old_versions_of_tls_and_what_is_none_fail(tmp_path: Path) -> None:
    authority = TestAuthority(tmp_path)
    ours = ssl.create_default_context(cafile=authority.file)
    old = authority.server()
    with pytest.warns(DeprecationWarning):
        old.maximum_version = ssl.TLSVersion.TLSv1_1
    with serving(answering(), old) as server:
        _failed(server, "tls", "https", tls=ours)

    async def at_once(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        writer.write(b"HTTP/1.1 400 Bad Request\r\n\r\n")
        writer.close()

    async def main() -> None:
        listening = await asyncio.start_server(at_once, "127.0.0.1", 0)
        plain = Server()
        plain.port = listening.sockets[0].getsockname()[1]
        async with listening:
            found = await asyncio.to_thread(_get, plain, "https", tls=ours)
        assert isinstance(found, Failure) and found.kind == "tls"

    asyncio.run(main())


def test_a_server_that_never_ends_tls_is_left_at_once(tmp_path: Path) -> None:
    """It gets no time for the closure: the connection is gone when the answer is."""
    authority = TestAuthority(tmp_path)
    behave = held(OK + b"Content-Length: 3\r\n\r\nabc")
    with serving(behave, authority.server()) as server:
        tls = ssl.create_default_context(cafile=authority.file)
        assert isinstance(_get(server, "https", tls=tls), Answer)
        assert server.all_closed()


@pytest.mark.parametrize("scheme", ["http", "https"])
def test_who_is_cancelled_leaves_no_connection(scheme: str, tmp_path: Path) -> None:
    authority = TestAuthority(tmp_path)
    tls = authority.server() if scheme == "https" else None
    with serving(held(OK), tls) as server:
        with pytest.raises(TimeoutError):
            _get(server, scheme, tls=ssl.create_default_context(cafile=authority.file), seconds=0.3)
        assert server.all_closed()


def test_what_others_say_fits_one_line() -> None:
    assert printable("a\r\nb\x00\x1b[31m\u202e\ud800") == "a??b??[31m\\u202e\\ud800"
    assert len(printable("\U0001f600" * 10_000)) == 100
