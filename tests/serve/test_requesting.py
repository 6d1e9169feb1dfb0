from __future__ import annotations

import asyncio
from pathlib import Path

import msgspec
import pytest
from tests.serve.servers import PEM, Behaviour, Server, answering, held, resolving, serving

from ringfence.config import FetchSettings
from ringfence.errors import ConfigError
from ringfence.serve.fetch_target import Target, read_url
from ringfence.serve.http_get import Failure
from ringfence.serve.requesting import CERTIFICATE_TYPES, Brought, Requester

NOW = 1_772_366_400.0


def ask(server: Server, **more: object) -> Brought | Failure:
    given = {"allow_http": True, "ports": (server.port,), "allow_networks": ("127.0.0.0/8",)} | more
    settings = msgspec.convert(given, FetchSettings)
    target = read_url(server.url(), settings)
    assert isinstance(target, Target)
    requester = Requester(settings, resolving(["127.0.0.1"]), CERTIFICATE_TYPES)
    return asyncio.run(requester.ask(server.url(), target, NOW))


def kind(behave: Behaviour, **more: object) -> str:
    with serving(behave) as server:
        found = ask(server, **more)
        return found.kind if isinstance(found, Failure) else ""


@pytest.mark.parametrize(
    ("line", "body", "failure"),
    [
        ("Content-Type: application/pkix-cert", b"\x30\x03\x02\x01\x00", ""),
        ("Content-Type: Application/X-PEM-File; charset=us-ascii", PEM, ""),
        ("Content-Type: text/html", PEM, ""),  # what reads as PEM is no page
        ("Content-Type: text/html", b"\xef\xbb\xbf  \r\n" + PEM, ""),
        ("Content-Type:", b"\x30\x03\x02\x01\x00", ""),
        ("Content-Type: text/html", b"<html>", "content_type"),
        ("Content-Type: image/png", b"\x89PNG", "content_type"),
        ("Content-Type: application/pkix-cert", b" \r\n", "empty"),
    ],
)
def test_what_counts_as_a_certificate(line: str, body: bytes, failure: str) -> None:
    assert kind(answering(body, line)) == failure


def test_statuses() -> None:
    for status in ("404 Not Found", "204 No Content", "500 Oh", "206 Partial Content"):
        assert kind(answering(status=status)) == "status"
    assert kind(answering(PEM, "Location: /b", status="302 Found")) == "redirect"


def test_times_and_what_may_be_written_down() -> None:
    with serving(answering(PEM, "Cache-Control: max-age=90")) as server:
        found = ask(server)
        assert isinstance(found, Brought) and found.storable
        assert (found.kept.fetched, found.kept.fresh_until) == (NOW, NOW + 90)
    with serving(answering(PEM, "Cache-Control: no-store")) as server:
        found = ask(server)
        assert isinstance(found, Brought) and not found.storable


def test_time_is_up_and_says_where() -> None:
    with serving(held(b"HTTP/1.1 200 OK\r\n")) as server:
        found = ask(server, seconds=0.2)
        assert isinstance(found, Failure) and found.kind == "timeout"
        assert "0.2 s, reading from" in found.detail
        assert server.all_closed()


def test_authorities_that_are_none(tmp_path: Path) -> None:
    file = tmp_path / "roots.pem"
    for make, said in ((lambda: None, "No such file"), (lambda: file.write_text("x"), "no certificate")):
        make()
        with pytest.raises(ConfigError, match=f"ca_file cannot be read as PEM .*{said}"):
            Requester(FetchSettings(ca_file=str(file)), None, CERTIFICATE_TYPES)
