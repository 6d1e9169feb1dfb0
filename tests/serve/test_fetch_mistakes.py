"""What fetchers of certificates in use have got wrong, one test for each, through `HttpFetcher` as verifiers
use it. tests/verify/test_mistakes.py has the other mistakes."""

from __future__ import annotations

from pathlib import Path

import pytest
from tests.serve.servers import HOST, PEM, Server, answering, resolving, serving, streaming

from ringfence.config import FetchSettings
from ringfence.model.fetching import Fetched
from ringfence.model.rejected import Rejected
from ringfence.serve.address_guard import AddressGuard
from ringfence.serve.fetch_target import Target, read_url
from ringfence.serve.fetching import HttpFetcher

NOW = 1_772_366_400.0


def trial(server: Server, *networks: str) -> FetchSettings:
    """http on the port of a server on loopback."""
    return FetchSettings(allow_http=True, ports=(server.port,), allow_networks=networks)


def fetched(server: Server, settings: FetchSettings, *addresses: list[str]) -> Fetched | Rejected:
    with HttpFetcher(settings, resolve=resolving(*(addresses or (["127.0.0.1"],)))) as fetcher:
        return fetcher.fetch(server.url(), NOW)


def test_port_8443_refused() -> None:
    target = read_url(f"https://{HOST}:8443/cert.pem", FetchSettings())
    assert isinstance(target, Target) and target.port == 8443
    assert isinstance(read_url(f"https://{HOST}:8444/cert.pem", FetchSettings()), Rejected)


@pytest.mark.parametrize(
    "x5u", ["{file}", "file://{file}", "file://localhost{file}", "FILE://{file}", "{file}#", "./cert.pem", ""]
)
def test_a_file_path_accepted_as_x5u(x5u: str, tmp_path: Path) -> None:
    file = tmp_path / "cert.pem"
    file.write_bytes(PEM)
    with HttpFetcher(FetchSettings(allow_http=True)) as fetcher:
        found = fetcher.fetch(x5u.format(file=file), NOW)
        assert isinstance(found, Rejected) and (found.reason, found.status) == ("bad_url", 436)
        assert fetcher.counts.started == 0


def test_dns_rebinding_past_the_address_check() -> None:
    assert AddressGuard().refusal("93.184.216.34") is None
    with serving(answering()) as server:
        assert isinstance(fetched(server, trial(server, "127.0.0.0/8")), Fetched)
        seen = server.connections
        for address in ("127.0.0.1", "::ffff:127.0.0.1", "0.0.0.0"):
            found = fetched(server, trial(server), [address])
            assert isinstance(found, Rejected) and found.status == 436
        # one answer serves the check and the connection: another that leads here is never asked for
        asked = 0

        async def rebinding(host: str, port: int) -> list[str]:
            nonlocal asked
            asked += 1
            return ["10.255.255.1"] if asked == 1 else ["127.0.0.1"]

        with HttpFetcher(trial(server, "127.0.0.0/8"), resolve=rebinding) as fetcher:
            assert isinstance(fetcher.fetch(server.url(), NOW), Rejected)
        assert asked == 1 and server.connections == seen


def test_a_certificate_download_without_a_size_limit() -> None:
    flood = streaming(b"HTTP/1.1 200 OK\r\nContent-Type: text/plain\r\n\r\n", b"x" * 4096)
    with serving(flood) as server:
        found = fetched(server, trial(server, "127.0.0.0/8"))
        assert isinstance(found, Rejected) and (found.reason, found.status) == ("no_certificate", 436)
        assert server.all_closed()
    with serving(answering(b"x" * 65_537)) as server:
        assert isinstance(fetched(server, trial(server, "127.0.0.0/8")), Rejected)
