"""Fetching as verifiers use it: what is asked once, kept, renewed and given up, from real servers."""

from __future__ import annotations

import asyncio
import gzip
import ssl
import threading
import time
import tracemalloc
from collections.abc import Callable
from pathlib import Path

import msgspec
import pytest
from tests.serve.servers import (
    HOST,
    PEM,
    Behaviour,
    Server,
    TestAuthority,
    answering,
    eventually,
    held,
    raw,
    resolving,
    serving,
    streaming,
)

from ringfence.config import FetchSettings
from ringfence.model.call import Call
from ringfence.model.fetching import Fetched, RenewingFetcher
from ringfence.model.rejected import Rejected
from ringfence.model.verification import Verdict
from ringfence.serve.fetching import HttpFetcher
from ringfence.verify.authority import issue_test_authority
from ringfence.verify.credential import Credentials
from ringfence.verify.policy import SHAKEN
from ringfence.verify.signer import Signer
from ringfence.verify.trust import TrustStore, read_pem
from ringfence.verify.verifier import Verifier

NOW = 1_772_366_400.0
ORIGID = "7a4cd5d9-0a2f-4b0d-a1d4-6f0e8a0f1c11"
LOCAL = resolving(["127.0.0.1"])
STALE = ("Cache-Control: max-age=60, stale-while-revalidate=600",)


def settings(server: Server, **more: object) -> FetchSettings:
    """http on the port of a server on loopback."""
    given = {"allow_http": True, "ports": (server.port,), "allow_networks": ("127.0.0.0/8",)} | more
    return msgspec.convert(given, FetchSettings)


def fetcher(server: Server, **more: object) -> HttpFetcher:
    return HttpFetcher(settings(server, **more), resolve=LOCAL)


def body(found: Fetched | Rejected) -> bytes:
    assert isinstance(found, Fetched), found
    return found.body


def refused(found: Fetched | Rejected) -> str:
    assert isinstance(found, Rejected) and (found.reason, found.status) == ("no_certificate", 436), found
    assert "\n" not in found.detail and len(found.detail) < 250
    return found.detail


def test_it_is_asked_once_and_kept() -> None:
    with serving(answering()) as server, fetcher(server) as one:
        assert isinstance(one, RenewingFetcher)
        assert one.cached(server.url(), NOW) is None
        for _ in range(3):
            assert body(one.fetch(server.url(), NOW)) == PEM
        assert len(server.requests) == 1 and (one.counts.fetched, one.counts.hits) == (1, 2)
        one.fetch(server.url("/other.pem"), NOW)
        assert len(server.requests) == 2


def test_cache_control_says_for_how_long() -> None:
    lasting = answering(PEM, "Cache-Control: max-age=120")
    with serving(lasting) as server, fetcher(server, renew_seconds=0, error_seconds=0) as one:
        found = one.fetch(server.url(), NOW)
        assert isinstance(found, Fetched) and found.expires == NOW + 120
        one.fetch(server.url(), NOW + 119)
        assert len(server.requests) == 1
        one.fetch(server.url(), NOW + 121)
        assert len(server.requests) == 2


def test_many_calls_wait_for_one_fetch() -> None:
    gate = threading.Event()

    async def slow(reader: asyncio.StreamReader, writer: asyncio.StreamWriter, head: bytes) -> None:
        await asyncio.to_thread(gate.wait)
        await answering()(reader, writer, head)

    with serving(slow) as server, fetcher(server) as one:

        async def calls() -> list[Fetched | Rejected]:
            waiting = [asyncio.create_task(one.afetch(server.url(), NOW)) for _ in range(100)]
            await asyncio.sleep(0)
            gate.set()
            return await asyncio.gather(*waiting)

        assert {body(found) for found in asyncio.run(calls())} == {PEM}
        assert len(server.requests) == 1 and one.counts.joined == 99


def test_a_stale_answer_serves_while_it_is_renewed() -> None:
    with serving(answering(PEM, *STALE)) as server, fetcher(server) as one:
        one.fetch(server.url(), NOW)
        assert body(one.fetch(server.url(), NOW + 61)) == PEM
        assert one.counts.stale == 1
        assert eventually(lambda: len(server.requests) == 2)
        assert eventually(lambda: one.counts.fetched == 2)
        one.fetch(server.url(), NOW + 62)
        assert one.counts.hits == 1


def test_a_server_that_is_gone_leaves_its_last_answer() -> None:
    with serving(answering(PEM, "Cache-Control: max-age=60")) as server:
        one = fetcher(server, renew_seconds=0, error_seconds=3600)
        one.fetch(server.url(), NOW)
        url = server.url()
    assert body(one.fetch(url, NOW + 100)) == PEM
    assert one.counts.failures
    refused(one.fetch(url, NOW + 5000))
    one.close()


def test_a_failure_stands_for_a_while() -> None:
    with serving(answering(status="404 Not Found")) as server, fetcher(server) as one:
        assert "404" in refused(one.fetch(server.url(), NOW))
        refused(one.fetch(server.url(), NOW + 14))
        assert len(server.requests) == 1 and one.counts.known_failures == 1
        refused(one.fetch(server.url(), NOW + 16))
        refused(one.fetch(server.url(), NOW + 16 + 29))  # the second stands twice as long
        assert len(server.requests) == 2


def test_doubt_asks_anew_but_not_at_every_forgery() -> None:
    with serving(answering()) as server, fetcher(server) as one:
        one.fetch(server.url(), NOW)
        for _ in range(5):
            one.renew(server.url(), NOW + 1)
        one.renew(server.url("/unknown.pem"), NOW + 1)
        one.fetch(server.url("/b.pem"), NOW + 1)
        assert len(server.requests) == 2
        one.renew(server.url(), NOW + 61)
        assert eventually(lambda: len(server.requests) == 3)


def test_whole_chains_survive_a_restart(tmp_path: Path) -> None:
    with serving(answering()) as server:
        kept = {"cache_dir": str(tmp_path / "kept")}
        with fetcher(server, **kept) as one:
            one.fetch(server.url(), NOW)
            assert eventually(lambda: any((tmp_path / "kept").rglob("[0-9a-f]*")))
        for _ in range(2):
            with fetcher(server, **kept) as later:
                assert body(later.fetch(server.url(), NOW + 1)) == PEM
                assert later.counts.from_disk == 1
        assert len(server.requests) == 1


@pytest.mark.parametrize(
    "url",
    [
        *("", "cert.pem", "/etc/passwd", "file:///etc/passwd", "ftp://a.example/c", "https://a.example:22/c"),
        *("https://user@a.example/c", "https://a.example/c#f", "https://a.example/c?q", "http://a.example/c"),
    ],
)
def test_what_is_no_address_of_a_certificate_is_never_asked(url: str) -> None:
    with HttpFetcher(FetchSettings(), resolve=LOCAL) as one:
        found = one.fetch(url, NOW)
        assert isinstance(found, Rejected) and (found.reason, found.status) == ("bad_url", 436)
        assert one.counts.started == 0


def test_private_addresses_behind_public_names() -> None:
    with serving(answering()) as server:
        for address in ("127.0.0.1", "10.0.0.1", "169.254.169.254", "::1", "::ffff:127.0.0.1", "100.64.0.1"):
            closed = settings(server, allow_networks=())
            with HttpFetcher(closed, resolve=resolving([address])) as one:
                refused(one.fetch(server.url(), NOW))
        assert server.connections == 0


def redirect(where: Callable[[], str]) -> Behaviour:
    async def behave(reader: asyncio.StreamReader, writer: asyncio.StreamWriter, head: bytes) -> None:
        writer.write(f"HTTP/1.1 302 Found\r\nLocation: {where()}\r\nContent-Length: 0\r\n\r\n".encode())

    return behave


HEAD = b"HTTP/1.1 200 OK\r\nContent-Type: application/pem-certificate-chain\r\n"
BOMB = gzip.compress(b"\0" * 10_000_000)
HOSTILE = {
    "slow drip": (streaming(HEAD + b"Content-Length: 1000\r\n\r\n", b"-", 0.02), "took more than"),
    "slow head": (streaming(b"HTTP/1.1 200 OK\r\n", b"X: y\r\n", 0.02), "took more than"),
    "silence": (held(b""), "took more than"),
    "endless body": (streaming(HEAD + b"\r\n", b"x" * 8192), "limit_bytes"),
    "endless head": (streaming(b"HTTP/1.1 200 OK\r\n", b"X-Filler: " + b"y" * 4096 + b"\r\n"), "HTTP"),
    "10 MB": (answering(b"x" * 10_000_000), "limit_bytes"),
    "10 MB said": (held(HEAD + b"Content-Length: 10000000\r\n\r\n"), "limit_bytes"),
    "gzip bomb": (answering(BOMB[:60_000], "Content-Encoding: gzip"), "gzip"),
    "a page": (answering(b"<html>", "Content-Type: text/html"), "text/html"),
    "nothing": (answering(b""), "nothing"),
    "no HTTP": (raw(b"SSH-2.0-OpenSSH\r\n\r\n"), "HTTP"),
    "hung up": (raw(b""), ""),
    "half": (raw(HEAD + b"Content-Length: 5000\r\n\r\nabc"), ""),
    "a loop": (redirect(lambda: "/cert.pem"), "redirects"),
}


@pytest.mark.parametrize("name", HOSTILE)
def test_a_hostile_server_costs_one_bounded_task(name: str) -> None:
    behave, said = HOSTILE[name]
    with serving(behave) as server, fetcher(server, seconds=0.3) as one:
        threads = threading.active_count()
        assert said in refused(one.fetch(server.url(), NOW))
        assert server.connections == 1 and server.all_closed()
        assert threading.active_count() <= threads + 2  # its loop, and one for disk and names
        assert not one._flights


def test_a_loop_of_redirects_that_are_allowed_ends() -> None:
    with serving(redirect(lambda: "/cert.pem")) as server, fetcher(server, redirects=3) as one:
        assert "more than 3" in refused(one.fetch(server.url(), NOW))
        assert len(server.requests) == 4


def test_a_redirect_to_a_private_address_is_not_followed() -> None:
    inside = redirect(lambda: "http://169.254.169.254/latest/meta-data")
    with serving(inside) as server, fetcher(server, redirects=3, ports=(server.port, 80)) as one:
        refused(one.fetch(server.url(), NOW))
        assert len(server.requests) == 1


def test_one_slow_server_holds_up_nobody_else() -> None:
    with serving(held(b"")) as slow, serving(answering()) as quick:
        both = settings(quick, ports=(slow.port, quick.port), seconds=0.5, per_host=2)
        with HttpFetcher(both, resolve=LOCAL) as one:

            async def calls() -> tuple[Fetched | Rejected, int]:
                waiting = [
                    asyncio.create_task(one.afetch(slow.url(f"/{n}.pem", "slow.example"), NOW))
                    for n in range(20)
                ]
                await asyncio.sleep(0)
                found = await one.afetch(quick.url(), NOW)
                still = sum(not task.done() for task in waiting)
                await asyncio.gather(*waiting)
                return found, still

            found, still = asyncio.run(calls())
            assert body(found) == PEM and still == 20
            assert slow.most_open <= 2 and slow.all_closed()


def test_tls_that_proves_nothing(tmp_path: Path) -> None:
    authority = TestAuthority(tmp_path)

    def over(tls: ssl.SSLContext) -> Fetched | Rejected:
        with serving(answering(), tls) as server:
            trusting = settings(server, allow_http=False, ca_file=str(authority.file))
            with HttpFetcher(trusting, resolve=LOCAL) as one:
                return one.fetch(server.url(scheme="https"), NOW)

    assert body(over(authority.server())) == PEM
    assert "TLS" in refused(over(authority.server("else.example")))
    assert "TLS" in refused(over(authority.server(days=-1)))
    assert "TLS" in refused(over(authority.server(self_signed=True)))


def test_memory_is_flat_over_many_addresses() -> None:
    gone = answering(status="404 Not Found")
    with serving(gone) as server, fetcher(server, memory_bytes=100_000) as one:
        for n in range(200):
            one.fetch(server.url(f"/warm-{n}.pem"), NOW)
        tracemalloc.start()
        before = tracemalloc.get_traced_memory()[0]
        for n in range(400):
            one.fetch(server.url(f"/{n}.pem"), NOW)
        server.requests.clear()
        grown = tracemalloc.get_traced_memory()[0] - before
        tracemalloc.stop()
        assert grown < 1_000_000


def test_after_the_end_nothing_is_asked() -> None:
    with serving(answering()) as server:
        one = fetcher(server)
        one.fetch(server.url(), NOW)
        one.close()
        assert body(one.fetch(server.url(), NOW)) == PEM
        assert "no longer" in refused(one.fetch(server.url("/other.pem"), NOW))


def test_a_verifier_that_fetches() -> None:
    """The whole way: from a call's x5u, on loopback as in a trial, to its verdict."""
    now = time.time()
    files = issue_test_authority(now)
    roots = read_pem(files["root.pem"])
    assert isinstance(roots, TrustStore)
    with serving(answering(files["sp-chain.pem"])) as server:
        signer = Signer(files["sp.key"], files["sp-chain.pem"], server.url(), now=now, allow_http=True)
        header = signer.shaken("442079460123", "447700900123", int(now), "A", ORIGID)
        target = "sip:+447700900123@example.org"
        call = Call(target, target, "sip:+442079460123@example.org", identity=(str(header),))
        with fetcher(server) as one:
            verifier = Verifier(Credentials(one, roots), SHAKEN)
            assert [verifier.verify(call, now).verdict for _ in range(2)] == [Verdict.VALID] * 2
            assert len(server.requests) == 1
        with fetcher(server, allow_networks=()) as closed:
            found = Verifier(Credentials(closed, roots), SHAKEN).verify(call, now)
            assert (found.reason, found.passports[0].sip_status) == ("no_certificate", 436)
            assert HOST in found.detail
