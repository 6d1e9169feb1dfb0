from __future__ import annotations

from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st
from litestar import Litestar
from litestar.testing import TestClient

from ringfence.serve.app import create_app
from ringfence.serve.guard import HEADERS, host_allowed


@pytest.fixture(scope="module")
def app(found_run: Path) -> Litestar:
    return create_app(found_run)


@pytest.mark.parametrize(
    "host", ["127.0.0.1", "127.0.0.1:8400", "localhost", "LOCALHOST:9", "[::1]", "[::1]:8400"]
)
def test_loopback_names_are_answered(host: str) -> None:
    assert host_allowed(host)


@pytest.mark.parametrize(
    "host",
    ["", "evil.example", "evil.example:8400", "127.0.0.1.evil.example", "localhost.evil.example",
     "127.0.0.1:x", "127.0.0.1:", "user@127.0.0.1", "[::1].evil.example", "0.0.0.0:8400", "2130706433"],
)  # fmt: skip
def test_other_names_are_refused(host: str) -> None:
    assert not host_allowed(host)


@given(st.text(max_size=40))
def test_only_three_names_ever_pass(host: str) -> None:
    assert not host_allowed(host) or host.strip().lower().startswith(("127.0.0.1", "localhost", "[::1]"))


def test_a_rebound_name_reads_nothing(app: Litestar) -> None:
    with TestClient(app, base_url="http://evil.example") as client:
        for path in ("/", "/victims", "/static/ringfence.css", "/healthz", "/nowhere"):
            answer = client.get(path)
            assert answer.status_code == 421, path
            assert answer.headers["content-type"] == "application/problem+json"
            assert "Northern" not in answer.text


@pytest.mark.parametrize("method", ["POST", "PUT", "PATCH", "DELETE", "OPTIONS"])
def test_nothing_can_be_changed(app: Litestar, method: str) -> None:
    with TestClient(app, base_url="http://127.0.0.1:8400") as client:
        answer = client.request(method, "/victims")
    assert answer.status_code == 405
    assert answer.headers["allow"] == "GET, HEAD"


@pytest.mark.parametrize("path", ["/", "/nowhere", "/calls?page=x", "/healthz", "/static/ringfence.js"])
def test_every_answer_carries_the_headers(app: Litestar, path: str) -> None:
    with TestClient(app, base_url="http://127.0.0.1:8400") as client:
        answer = client.get(path)
    for name in HEADERS:
        assert name.decode() in answer.headers, name
    assert "unsafe" not in answer.headers["content-security-policy"]


def test_head_answers_without_a_body(app: Litestar) -> None:
    with TestClient(app, base_url="http://127.0.0.1:8400") as client:
        answer = client.head("/victims")
        whole = client.get("/victims")
    assert answer.status_code == 200
    assert answer.content == b""
    assert answer.headers["content-type"] == whole.headers["content-type"] == "text/html; charset=utf-8"
