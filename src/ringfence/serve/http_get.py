"""One GET request, over a connection whose other end was checked, with a bound on everything.

A name is looked up once, each address is checked, the connection goes to a checked address, and then the
address at the other end of the socket is checked again: a name that changes its mind in between (DNS
rebinding), or an address that the system turns into another (0.0.0.0), gains nothing. Proxies named in the
environment are not used: there the proxy would look the name up again.

The other side is hostile. It gets HEAD_BYTES for headers and framing, a number of octets for the body, and
until the deadline for all of it, which the caller holds; one task, one socket, one buffer. Nothing is
decompressed: an encoded body is refused.
"""

from __future__ import annotations

import asyncio
import socket
import ssl
from collections.abc import Mapping

import h11
import msgspec

from ringfence import __version__
from ringfence.serve.address_guard import AddressGuard
from ringfence.serve.answer_lifetime import joined
from ringfence.serve.fetch_target import Target
from ringfence.serve.resolving import Resolver

#: The most octets of status line, headers, framing and trailers.
HEAD_BYTES = 16_384
#: The addresses of one name that are tried.
_ADDRESSES = 4
#: Octets read at a time; asyncio buffers twice as many.
_READ = 8_192

_ACCEPT = "application/pem-certificate-chain, application/pkix-cert, */*;q=0.5"


class Answer(msgspec.Struct, frozen=True):
    """headers: by lower-case name, repeated ones joined by commas. body: empty unless status is 200."""

    status: int
    headers: Mapping[str, str]
    body: bytes = b""


class Failure(msgspec.Struct, frozen=True):
    """Why there is no answer. kind: a stable word for counting; detail: one line for a person."""

    kind: str
    detail: str


class Progress:
    """What a fetch is doing now, so that one that took too long can say where."""

    def __init__(self) -> None:
        self.doing = "waiting for its turn"
        self.had_its_turn = False


async def get(
    target: Target,
    *,
    guard: AddressGuard,
    resolve: Resolver,
    tls: ssl.SSLContext,
    limit_bytes: int,
    deadline: float,
    progress: Progress,
) -> Answer | Failure:
    """Ask once. The caller ends the task at `deadline` (of the loop's clock), which is here only used to
    share out time between addresses."""
    connected = await _connect(target, guard, resolve, deadline, progress)
    if isinstance(connected, Failure):
        return connected
    try:
        progress.doing = f"TLS with {target.host}" if target.scheme == "https" else "the connection"
        # from here on asyncio owns the socket, and closes it also when this task is cancelled
        reader, writer = await asyncio.open_connection(
            sock=connected,
            limit=_READ,
            ssl=tls if target.scheme == "https" else None,
            server_hostname=target.host if target.scheme == "https" else None,
        )
    except ssl.SSLCertVerificationError as error:
        return Failure("tls", f"{target.host}: TLS certificate not accepted: {error.verify_message}")
    except ssl.SSLError as error:
        return Failure("tls", f"{target.host}: no TLS: {error.reason or 'handshake failed'}")
    except (OSError, ValueError) as error:
        return Failure("tls", f"{target.host}: no TLS: {_said(error)}")
    try:
        return await _exchange(target, reader, writer, limit_bytes, progress)
    except h11.RemoteProtocolError as error:
        return Failure("protocol", f"{target.host}: not HTTP/1.1: {printable(str(error))}")
    except (OSError, ssl.SSLError) as error:
        return Failure("connection", f"{target.host}: connection lost: {_said(error)}")
    finally:
        # not close(): a server that never answers the TLS closure would keep the socket for 30 s
        writer.transport.abort()


async def _connect(
    target: Target, guard: AddressGuard, resolve: Resolver, deadline: float, progress: Progress
) -> socket.socket | Failure:
    """A connection to an address that may be connected to."""
    progress.doing = f"looking up {target.host}"
    try:
        addresses = [target.host] if target.literal else await resolve(target.host, target.port)
    except OSError as error:
        return Failure("dns", f"{target.host}: no address: {_said(error)}")
    allowed: list[str] = []
    failure = Failure("dns", f"{target.host}: no address")
    for address in addresses:
        refusal = guard.refusal(address)
        if refusal is None:
            allowed.append(address)
        else:
            failure = Failure("address", f"{target.host}: {printable(address)} is {refusal}")
    loop = asyncio.get_running_loop()
    tried = allowed[:_ADDRESSES]
    for number, address in enumerate(tried):
        progress.doing = f"connecting to {address} port {target.port}"
        # the addresses left share the time left, or the first that swallows packets would take all of it
        share = (deadline - loop.time()) / (len(tried) - number)
        family = socket.AF_INET6 if ":" in address else socket.AF_INET
        try:
            one = socket.socket(family, socket.SOCK_STREAM)
        except OSError as error:
            failure = Failure("connection", f"no socket: {_said(error)}")
            continue
        try:
            one.setblocking(False)
            async with asyncio.timeout(share):
                await loop.sock_connect(one, (address, target.port))
            peer = str(one.getpeername()[0])
            refusal = guard.refusal(peer)
        except (OSError, TimeoutError) as error:
            one.close()
            failure = Failure("connection", f"{address} port {target.port}: {_said(error)}")
            continue
        except BaseException:
            one.close()
            raise
        if refusal is None:
            return one
        one.close()
        failure = Failure("address", f"{target.host}: connected to {peer}, which is {refusal}")
    return failure


async def _exchange(
    target: Target,
    reader: asyncio.StreamReader,
    writer: asyncio.StreamWriter,
    limit_bytes: int,
    progress: Progress,
) -> Answer | Failure:
    http = h11.Connection(h11.CLIENT, max_incomplete_event_size=HEAD_BYTES)
    request = h11.Request(
        method="GET",
        target=target.path,
        headers=[
            ("Host", target.authority),
            ("User-Agent", f"ringfence/{__version__}"),
            ("Accept", _ACCEPT),
            ("Accept-Encoding", "identity"),
            ("Connection", "close"),
        ],
    )
    writer.write((http.send(request) or b"") + (http.send(h11.EndOfMessage()) or b""))
    progress.doing = f"reading from {target.host}"
    received = 0
    answer: Answer | None = None
    body = bytearray()
    while True:
        event = http.next_event()
        if event is h11.NEED_DATA:
            data = await reader.read(_READ)
            received += len(data)
            if received > limit_bytes + HEAD_BYTES:
                return _too_large(target, limit_bytes)
            http.receive_data(data)
        elif isinstance(event, h11.Response):
            answer = Answer(event.status_code, joined(event.headers))
            if answer.status != 200:
                return answer
            if failure := _unreadable(target, answer, limit_bytes):
                return failure
        elif isinstance(event, h11.Data):
            body += event.data
            if len(body) > limit_bytes:
                return _too_large(target, limit_bytes)
        elif isinstance(event, h11.EndOfMessage) and answer is not None:
            return Answer(answer.status, answer.headers, bytes(body))
        elif not isinstance(event, h11.InformationalResponse):
            return Failure("protocol", f"{target.host}: the connection ended without an answer")


def _unreadable(target: Target, answer: Answer, limit_bytes: int) -> Failure | None:
    encoding = answer.headers.get("content-encoding", "identity").strip().lower()
    if encoding not in ("", "identity"):
        return Failure("encoding", f"{target.host}: sent {printable(encoding)}, which was not asked for")
    # h11 has made sure that it is one number
    if int(answer.headers.get("content-length", 0)) > limit_bytes:
        return _too_large(target, limit_bytes)
    return None


def _too_large(target: Target, limit_bytes: int) -> Failure:
    return Failure("too_large", f"{target.host}: sends more than fetch.limit_bytes, {limit_bytes:,}")


def _said(error: BaseException) -> str:
    """What the system says is wrong, without its error number."""
    if isinstance(error, TimeoutError):
        return "no answer in time"
    text = error.strerror if isinstance(error, OSError) and error.strerror else str(error)
    return printable(text) or type(error).__name__


def printable(text: str) -> str:
    """What another machine said, as part of one short line."""
    text = text[:200].encode("ascii", "backslashreplace").decode()
    return "".join(character if character.isprintable() else "?" for character in text)[:100]
