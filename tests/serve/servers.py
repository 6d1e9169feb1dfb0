"""Servers on loopback, kind and hostile, for the tests of fetching. Real sockets, real TLS, no network."""

from __future__ import annotations

import asyncio
import contextlib
import ssl
import threading
from collections.abc import Awaitable, Callable, Iterator
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta
from ipaddress import ip_address
from pathlib import Path

from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import NameOID

HOST = "certs.example"

#: Reads as PEM; what is in it is nobody's business here.
PEM = b"-----BEGIN CERTIFICATE-----\nTUVSRUxZIEEgVEVTVA==\n-----END CERTIFICATE-----\n" * 2

Behaviour = Callable[[asyncio.StreamReader, asyncio.StreamWriter, bytes], Awaitable[None]]


class Server:
    """What a server has seen: the heads of requests, connections made and still open."""

    def __init__(self) -> None:
        self.port = 0
        self.requests: list[bytes] = []
        self.connections = 0
        self.open = 0
        self.most_open = 0
        self.stop: Callable[[], object] = lambda: None

    def url(self, path: str = "/cert.pem", host: str = HOST, scheme: str = "http") -> str:
        return f"{scheme}://{host}:{self.port}{path}"

    def all_closed(self) -> bool:
        """Whether every client is gone, waiting for that a little."""
        return eventually(lambda: self.open == 0)


def eventually(condition: Callable[[], bool]) -> bool:
    """Whether it comes true within 20 s, which is far more than anything here takes."""
    waiting = threading.Event()
    for _ in range(2_000):
        if condition():
            return True
        waiting.wait(0.01)
    return condition()


@contextmanager
def serving(behave: Behaviour, tls: ssl.SSLContext | None = None) -> Iterator[Server]:
    """A server on 127.0.0.1 that reads a request's head and then behaves; in a thread of its own."""
    server = Server()
    loop = asyncio.new_event_loop()
    ready = threading.Event()

    async def connected(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        server.connections += 1
        server.open += 1
        server.most_open = max(server.open, server.most_open)
        try:
            head = await reader.readuntil(b"\r\n\r\n")
            server.requests.append(head)
            await behave(reader, writer, head)
            await writer.drain()
        except (OSError, asyncio.IncompleteReadError, asyncio.LimitOverrunError):
            pass
        finally:
            server.open -= 1
            with contextlib.suppress(OSError, RuntimeError):
                writer.close()

    async def main() -> None:
        listening = await asyncio.start_server(connected, "127.0.0.1", 0, ssl=tls)
        server.port = listening.sockets[0].getsockname()[1]
        stopped = asyncio.Event()
        server.stop = lambda: loop.call_soon_threadsafe(stopped.set)
        ready.set()
        await stopped.wait()
        listening.close()

    def run() -> None:
        with asyncio.Runner(loop_factory=lambda: loop) as runner:  # cancels what is left
            runner.run(main())

    thread = threading.Thread(target=run, daemon=True)
    thread.start()
    ready.wait()
    try:
        yield server
    finally:
        server.stop()
        thread.join()


def answering(body: bytes = PEM, *lines: str, status: str = "200 OK") -> Behaviour:
    """The same whole answer each time, with these headers beside its length and type."""
    headers = "".join(f"{line}\r\n" for line in lines)
    if "content-type:" not in headers.lower():
        headers += "Content-Type: application/pem-certificate-chain\r\n"
    return raw(f"HTTP/1.1 {status}\r\nContent-Length: {len(body)}\r\n{headers}\r\n".encode() + body)


def raw(data: bytes) -> Behaviour:
    """These octets, and the end."""

    async def behave(reader: asyncio.StreamReader, writer: asyncio.StreamWriter, head: bytes) -> None:
        writer.write(data)

    return behave


def held(data: bytes) -> Behaviour:
    """These octets, and then nothing, until the client goes."""

    async def behave(reader: asyncio.StreamReader, writer: asyncio.StreamWriter, head: bytes) -> None:
        writer.write(data)
        await reader.read()

    return behave


def streaming(start: bytes, piece: bytes, pause: float = 0.0) -> Behaviour:
    """A beginning, and then a piece over and over until the client goes."""

    async def behave(reader: asyncio.StreamReader, writer: asyncio.StreamWriter, head: bytes) -> None:
        writer.write(start)
        while True:
            writer.write(piece)
            await writer.drain()
            await asyncio.sleep(pause)

    return behave


def resolving(*answers: list[str]) -> Callable[[str, int], Awaitable[list[str]]]:
    """A resolver that gives these answers one after the other, and the last for ever."""
    left = list(answers)

    async def resolve(host: str, port: int) -> list[str]:
        return left.pop(0) if len(left) > 1 else left[0]

    return resolve


class TestAuthority:
    """A root that certifies servers for these tests."""

    __test__ = False

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        self._key = ec.generate_private_key(ec.SECP256R1())
        self._name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, "TEST ONLY root")])
        now = datetime.now(UTC)
        root = (
            self._builder(self._name, self._key, now - timedelta(days=1), now + timedelta(days=2))
            .add_extension(x509.BasicConstraints(ca=True, path_length=0), critical=True)
            .add_extension(x509.SubjectKeyIdentifier.from_public_key(self._key.public_key()), critical=False)
            .sign(self._key, hashes.SHA256())
        )
        self.file = folder / "root.pem"
        self.file.write_bytes(root.public_bytes(serialization.Encoding.PEM))

    def _builder(
        self, subject: x509.Name, key: ec.EllipticCurvePrivateKey, start: datetime, end: datetime
    ) -> x509.CertificateBuilder:
        return (
            x509.CertificateBuilder()
            .subject_name(subject)
            .issuer_name(self._name)
            .public_key(key.public_key())
            .serial_number(x509.random_serial_number())
            .not_valid_before(start)
            .not_valid_after(end)
        )

    def server(self, name: str = HOST, days: float = 1, *, self_signed: bool = False) -> ssl.SSLContext:
        """A server's side of TLS, certified for a name or address for these days, past ones if negative."""
        key = ec.generate_private_key(ec.SECP256R1())
        now = datetime.now(UTC)
        try:
            who: x509.GeneralName = x509.IPAddress(ip_address(name))
        except ValueError:
            who = x509.DNSName(name)
        subject = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, "TEST ONLY server")])
        end = now + timedelta(days=days)
        builder = self._builder(subject, key, min(now, end) - timedelta(hours=1), end)
        certificate = builder.add_extension(x509.SubjectAlternativeName([who]), critical=False).sign(
            key if self_signed else self._key, hashes.SHA256()
        )
        file = self._folder / f"{certificate.serial_number:x}.pem"
        file.write_bytes(
            key.private_bytes(
                serialization.Encoding.PEM,
                serialization.PrivateFormat.PKCS8,
                serialization.NoEncryption(),
            )
            + certificate.public_bytes(serialization.Encoding.PEM)
        )
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        context.load_cert_chain(file)
        return context
