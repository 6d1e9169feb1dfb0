"""Questions over HTTP: verdicts, problems, the live feed."""

from __future__ import annotations

import asyncio
import json
from collections.abc import MutableMapping
from typing import Any

import pytest
from tests.serve.screens import BANK, PERSON, VICTIM, invite, screening

from ringfence.serve.screen_api import MAX_BODY, ScreenApi
from ringfence.serve.screen_metrics import snapshot
from ringfence.serve.screening import Screening


def api(screen: Screening | None = None) -> ScreenApi:
    screen = screen or screening()
    return ScreenApi(screen, "GB", counts=lambda: snapshot(screen, None))


def ask(
    app: ScreenApi,
    path: str,
    body: bytes | None = None,
    host: str = "127.0.0.1",
    kind: str = "application/json",
) -> tuple[int, str, bytes]:
    """Status, content type and body."""
    sent: list[MutableMapping[str, Any]] = []

    async def receive() -> MutableMapping[str, Any]:
        return {"type": "http.request", "body": body or b"", "more_body": False}

    async def send(message: MutableMapping[str, Any]) -> None:
        sent.append(message)

    scope = {
        "type": "http", "path": path, "method": "POST" if body is not None else "GET",
        "headers": [(b"host", host.encode()), (b"content-type", kind.encode())],
    }  # fmt: skip
    asyncio.run(app(scope, receive, send))
    headers = dict(sent[0]["headers"])
    return (
        sent[0]["status"],
        headers[b"content-type"].decode(),
        b"".join(m.get("body", b"") for m in sent[1:]),
    )


def screen(**fields: Any) -> dict[str, Any]:
    status, _, body = ask(api(), "/v1/screen", json.dumps(fields).encode())
    found: dict[str, Any] = json.loads(body)
    assert status == 200, found
    return found


def test_a_call_by_its_values() -> None:
    found = screen(caller="020 7946 0001", called="07700900123", call_id="x@h", trunk="T")
    assert (found["action"], found["would"], found["mode"]) == ("block", "block", "live")
    assert (found["sip_status"], found["sip_reason"], found["rule"]) == (
        603,
        "Network Blocked",
        "do not originate",
    )
    assert found["call_id"] == "x@h" and found["policy"] and found["reasons"] and found["verstat"]
    assert {"name", "strength", "reason"} == set(found["signals"][0])
    assert screen(caller=PERSON, called=VICTIM)["action"] == "allow"
    assert screen(called=VICTIM)["action"] == "allow"  # withheld
    abroad = screen(caller="+447400123456", called=VICTIM, trunk="ABROAD")
    assert abroad["action"] == "withhold"
    roams = screen(
        caller="+447400123456", called=VICTIM, trunk="ABROAD", roaming=True, time="2026-03-01T12:00:00Z"
    )
    assert roams["action"] == "allow"
    assert screen(caller="rubbish", called=VICTIM)["rule"] == "no such number"


def test_a_call_by_its_invite() -> None:
    assert screen(invite=invite().decode())["rule"] == "do not originate"
    assert screen(invite=invite(PERSON).decode(), ingress="international")["signals"]


@pytest.mark.parametrize(
    ("body", "status", "says"),
    [
        (b"", 400, ""), (b"{", 400, ""), (b"[]", 400, ""), (b"\xff", 400, ""),
        (b"{}", 400, "called: missing"),
        (b'{"called": 7}', 400, "called"), (b'{"called": "07700900123", "colour": 1}', 400, "colour"),
        (b'{"called": "rubbish"}', 400, "rubbish"), (b'{"called": "999", "time": "soon"}', 400, "time"),
        (b'{"called": "999", "time": -1}', 400, "time"),
        (b'{"called": "999", "ingress": "x"}', 400, "ingress"),
        (b'{"invite": "x"}', 400, "invite"), (b'{"invite": "x", "called": "999"}', 400, "either"),
        (b'{"invite": "OPTIONS sip:h SIP/2.0\\r\\n\\r\\n"}', 400, "OPTIONS"),
        (b"[" * 100_000, 400, ""), (b" " * (MAX_BODY + 1), 413, "octets"),
    ],
    ids=str,
)  # fmt: skip
def test_what_cannot_be_read_is_a_problem(body: bytes, status: int, says: str) -> None:
    found, kind, answer = ask(api(), "/v1/screen", body)
    problem = json.loads(answer)
    assert (found, kind, problem["status"]) == (status, "application/problem+json", status)
    assert says in problem["detail"]


def test_other_paths() -> None:
    app = api()
    assert ask(app, "/healthz")[0] == 200 and ask(app, "/readyz")[0] == 503
    app.ready = True
    assert ask(app, "/readyz")[0] == 200
    assert ask(app, "/nowhere")[0] == 404 and ask(app, "/metrics", b"")[0] == 405
    assert ask(app, "/v1/screen")[0] == 405
    assert ask(app, "/v1/screen", b"{}", kind="text/plain")[0] == 415
    assert ask(app, "/healthz", host="bank.example")[0] == 421
    assert b"ringfence_screen_verdicts_total" in ask(app, "/metrics")[2]
    assert json.loads(ask(app, "/v1/openapi.json")[2])["openapi"] == "3.1.0"


def test_the_live_feed_masks_numbers() -> None:
    async def listen() -> list[bytes]:
        live = screening()
        app, sent, gone = api(live), [], asyncio.Event()

        async def receive() -> MutableMapping[str, Any]:
            await gone.wait()
            return {"type": "http.disconnect"}

        async def send(message: MutableMapping[str, Any]) -> None:
            sent.append(message.get("body", b""))

        scope = {"type": "http", "path": "/v1/live", "method": "GET", "headers": [(b"host", b"localhost")]}
        feed = asyncio.create_task(app(scope, receive, send))
        while len(sent) < 2:
            await asyncio.sleep(0)
        live.handle(invite(), ("127.0.0.1", 1), "udp", 1_772_366_400.0)
        while len(sent) < 3:
            await asyncio.sleep(0)
        gone.set()
        live.handle(invite(), ("127.0.0.1", 1), "udp", 1_772_366_400.0)
        await feed
        assert not live.listeners
        return sent

    event = json.loads(asyncio.run(listen())[2].removeprefix(b"data: "))
    assert event["action"] == "block" and event["rule"] == "do not originate"
    assert BANK not in str(event) and VICTIM not in str(event)
