"""The screen over HTTP, as a plain ASGI application: a question costs what its verdict costs.

    POST /v1/screen        a call: an INVITE, or its values; the verdict
    GET  /v1/live          verdicts as they fall (server-sent events), numbers masked
    GET  /metrics          counts for Prometheus
    GET  /healthz /readyz  whether the process runs, and whether it judges
    GET  /v1/openapi.json  this, for programs
    GET  /                 the page for people

Errors are problem documents (RFC 9457). docs/reference/screen.md describes the fields.
"""

from __future__ import annotations

import asyncio
import datetime as dt
import logging
import time
from collections.abc import Awaitable, Callable, MutableMapping
from pathlib import Path
from typing import Any

import msgspec

from ringfence.console.display import mask
from ringfence.console.screen_view import figures, page
from ringfence.console.shell import ASSETS, asset
from ringfence.model.attempt import Attempt
from ringfence.model.call import Call
from ringfence.model.rejected import Rejected
from ringfence.model.verdict import Verdict
from ringfence.numbers.reading import normalise
from ringfence.screen.attempts import attempt_of
from ringfence.serve.guard import HEADERS, host_allowed
from ringfence.serve.problems import Problem
from ringfence.serve.screen_metrics import Snapshot, added_up, exposition
from ringfence.serve.screen_openapi import document
from ringfence.serve.screen_page import view_of
from ringfence.serve.screening import Screening
from ringfence.sip.call import call_of
from ringfence.sip.message import parse

MAX_BODY = 512 * 1024
#: Verdicts that wait for a reader of the live feed; a slow one misses some.
_FEED = 1000

Scope = MutableMapping[str, Any]
Receive = Callable[[], Awaitable[MutableMapping[str, Any]]]
Send = Callable[[MutableMapping[str, Any]], Awaitable[None]]
Asgi = Callable[[Scope, Receive, Send], Awaitable[None]]

_log = logging.getLogger(__name__)


class Question(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """The body of POST /v1/screen: `invite`, or the values of one; and the facts of the edge."""

    invite: str | None = None
    caller: str | None = None
    network_number: str | None = None
    called: str | None = None
    diverted_from: str | None = None
    identity: tuple[str, ...] = ()
    user_agent: str | None = None
    fingerprint: str | None = None
    call_id: str | None = None
    trunk: str | None = None
    account: str | None = None
    carrier: str | None = None
    ingress: str | None = None
    roaming: bool | None = None
    source_ip: str | None = None
    time: float | str | None = None


class _RefusedError(Exception):
    def __init__(self, status: int, title: str, detail: str = "") -> None:
        super().__init__(detail)
        self.problem = Problem(title, status, detail)


_question = msgspec.json.Decoder(Question).decode
_encode = msgspec.json.Encoder().encode


class ScreenApi:
    """The application. more: another one for paths that are not the screen's, such as the STIR services.
    loopback: whether only this machine's own names are answered, which keeps web pages out."""

    def __init__(
        self,
        screening: Screening,
        region: str,
        *,
        more: Asgi | None = None,
        counts: Callable[[], Snapshot],
        metrics: Path | None = None,
        worker: str = "0",
        loopback: bool = True,
        clock: Callable[[], float] = time.time,
    ) -> None:
        self._screening = screening
        self._region = region
        self._more = more
        self._counts = counts
        self._metrics = metrics
        self._worker = worker
        self._loopback = loopback
        self._clock = clock
        self.ready = False
        self._feeds: set[asyncio.Task[None]] = set()

    def stop(self) -> None:
        """Not ready any more; live feeds end, others are answered."""
        self.ready = False
        for feed in self._feeds:
            feed.cancel()

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http":
            return
        try:
            await self._answer(scope, receive, send)
        except _RefusedError as refused:
            await _reply(send, refused.problem.status, _encode(refused.problem), b"application/problem+json")
        except Exception:
            _log.exception("serving %s", scope["path"])
            problem = Problem(
                "Something went wrong", 500, "The screen failed on this call; its log says why."
            )
            await _reply(send, 500, _encode(problem), b"application/problem+json")

    async def _answer(self, scope: Scope, receive: Receive, send: Send) -> None:
        if self._loopback:
            hosts = [value for name, value in scope["headers"] if name == b"host"]
            if len(hosts) != 1 or not host_allowed(hosts[0].decode("latin-1")):
                raise _RefusedError(421, "Misdirected request", "Answers to 127.0.0.1 and localhost only.")
        path, method = scope["path"], scope["method"]
        wanted = "POST" if path == "/v1/screen" else "GET"
        if path in _PATHS and method != wanted:
            raise _RefusedError(405, "Method not allowed", f"{path} takes {wanted}.")
        if path == "/v1/screen":
            await _reply(send, 200, _encode(await self._judged(scope, receive)))
        elif path == "/metrics":
            counts = added_up(self._metrics, self._worker, self._counts())
            await _reply(send, 200, exposition(counts).encode(), b"text/plain; version=0.0.4; charset=utf-8")
        elif path == "/healthz":
            await _reply(send, 200, b"ok\n", b"text/plain")
        elif path == "/readyz":
            ready = self.ready
            await _reply(send, 200 if ready else 503, b"ready\n" if ready else b"not yet\n", b"text/plain")
        elif path == "/v1/openapi.json":
            await _reply(send, 200, _encode(document()))
        elif path == "/v1/live":
            await self._live(receive, send)
        elif path in ("/", "/part"):
            counts = added_up(self._metrics, self._worker, self._counts())
            view = view_of(self._screening, counts, self._clock())
            text = page(view) if path == "/" else figures(view)
            await _reply(send, 200, text.encode(), b"text/html; charset=utf-8")
        elif path.removeprefix("/static/") in ASSETS:
            name = path.removeprefix("/static/")
            await _reply(send, 200, asset(name), ASSETS[name].encode())
        elif self._more is not None:
            await self._more(scope, receive, send)
        else:
            raise _RefusedError(404, "Not found", "Paths: " + ", ".join(_PATHS))

    async def _judged(self, scope: Scope, receive: Receive) -> Verdict:
        kind = next((v for n, v in scope["headers"] if n == b"content-type"), b"application/json")
        if kind.partition(b";")[0].strip().lower() != b"application/json":
            raise _RefusedError(415, "Unsupported media type", "Send application/json.")
        body = await _body(receive)
        try:
            asked = _question(body)
        except (msgspec.MsgspecError, UnicodeDecodeError, RecursionError) as error:
            raise _RefusedError(400, "Bad request", str(error)[:300]) from None
        now = self._clock()
        attempt, call = self._read(asked, now)
        verification = await self._screening.verify(call, now)
        return await self._screening.decide(attempt, verification, now)

    def _read(self, asked: Question, now: float) -> tuple[Attempt, Call]:
        """What is asked, as an attempt and as the call that is verified."""
        edge = self._screening.edges.named(asked.trunk, asked.account)
        if asked.ingress not in (None, "", "international", "national", "customer"):
            raise _RefusedError(400, "Bad request", "ingress: write international, national or customer")
        edge = msgspec.structs.replace(
            edge, ingress=asked.ingress or edge.ingress, carrier=asked.carrier or edge.carrier
        )
        at = _time(asked.time, now)
        if asked.invite is not None:
            if asked.caller is not None or asked.called is not None or asked.identity:
                raise _RefusedError(400, "Bad request", "give either invite or caller, called and identity")
            message = parse(asked.invite.encode("utf-8", "surrogateescape"))
            if isinstance(message, Rejected):
                raise _RefusedError(400, "Bad request", f"invite: {message.detail or message.reason}")
            if message.method != "INVITE":
                raise _RefusedError(400, "Bad request", f"invite: this is {message.method or 'a response'}")
            attempt = attempt_of(message, edge, asked.source_ip, at)
            attempt = msgspec.structs.replace(attempt, roaming=asked.roaming)
            return attempt, call_of(message, asked.source_ip or "")
        if asked.called is None:
            raise _RefusedError(400, "Bad request", "called: missing; or give invite, the raw message")
        number = {
            name: self._number(name, getattr(asked, name))
            for name in ("caller", "network_number", "called", "diverted_from")
        }
        attempt = Attempt(
            call_id=(asked.call_id or "")[:256],
            time=at,
            caller=number["caller"][0],
            caller_fault=number["caller"][1] if asked.caller is not None else "withheld",
            caller_shown=(asked.caller or "")[:64],
            network_number=number["network_number"][0],
            called=number["called"][0],
            diverted_from=number["diverted_from"][0],
            diversion_believed=edge.trusted,
            trunk=edge.trunk,
            account=edge.account,
            carrier=edge.carrier,
            ingress=edge.ingress,
            roaming=asked.roaming,
            source_ip=asked.source_ip,
            user_agent=asked.user_agent,
            fingerprint=asked.fingerprint,
        )
        call = Call(
            request_uri=_uri(attempt.called, asked.called),
            to=_uri(attempt.called, asked.called),
            caller=_uri(attempt.caller, asked.caller or ""),
            identity=asked.identity,
            call_id=attempt.call_id,
            source=asked.source_ip or "",
        )
        return attempt, call

    def _number(self, name: str, text: str | None) -> tuple[str | None, str]:
        if text is None:
            return None, ""
        number, reason = normalise(text, self._region)
        if number is None and name == "called":
            raise _RefusedError(400, "Bad request", f"called: {text[:60]!r} is no number ({reason})")
        return number, reason or ""

    async def _live(self, receive: Receive, send: Send) -> None:
        waiting: asyncio.Queue[bytes] = asyncio.Queue(_FEED)

        def tell(attempt: Attempt, verdict: Verdict) -> None:
            if not waiting.full():
                waiting.put_nowait(_event(attempt, verdict))

        await send(_head(200, b"text/event-stream"))
        gone = asyncio.create_task(_gone(receive))
        self._feeds.add(gone)
        self._screening.listeners.add(tell)
        try:
            await send({"type": "http.response.body", "body": b": live\n\n", "more_body": True})
            while not gone.done():
                coming = asyncio.create_task(waiting.get())
                await asyncio.wait((coming, gone), timeout=15, return_when=asyncio.FIRST_COMPLETED)
                event = coming.result() if coming.done() else b": still here\n\n"
                coming.cancel()
                if not gone.done():
                    await send({"type": "http.response.body", "body": event, "more_body": True})
            await send({"type": "http.response.body", "body": b""})
        finally:
            self._screening.listeners.discard(tell)
            self._feeds.discard(gone)
            gone.cancel()


_PATHS = ("/", "/v1/screen", "/v1/live", "/v1/openapi.json", "/metrics", "/healthz", "/readyz")


def _event(attempt: Attempt, verdict: Verdict) -> bytes:
    row = {
        "time": dt.datetime.fromtimestamp(attempt.time, dt.UTC).isoformat(timespec="milliseconds"),
        "caller": mask(attempt.caller) if attempt.caller else attempt.caller_fault,
        "called": mask(attempt.called),
        "trunk": attempt.trunk,
        "action": verdict.action,
        "would": verdict.would,
        "mode": verdict.mode,
        "rule": verdict.rule,
        "signals": [signal.name for signal in verdict.signals],
        "call_id": verdict.call_id,
    }
    return b"data: " + _encode(row) + b"\n\n"


def _time(given: float | str | None, now: float) -> float:
    if given is None:
        return now
    if isinstance(given, str):
        try:
            read = dt.datetime.fromisoformat(given)
        except ValueError:
            raise _RefusedError(
                400, "Bad request", f"time: {given[:40]!r}: write 2026-03-01T12:00:00Z"
            ) from None
        given = (read if read.tzinfo else read.replace(tzinfo=dt.UTC)).timestamp()
    if not 0 <= given < 1 << 34:
        raise _RefusedError(400, "Bad request", "time: seconds since 1970 or ISO 8601")
    return given


def _uri(number: str | None, text: str) -> str:
    return f"tel:{number}" if number is not None and number.startswith("+") else text


async def _body(receive: Receive) -> bytes:
    parts, size = [], 0
    while True:
        message = await receive()
        if message["type"] == "http.disconnect":
            raise _RefusedError(400, "Bad request", "the connection ended within the body")
        part = message.get("body", b"")
        size += len(part)
        if size > MAX_BODY:
            raise _RefusedError(413, "Content too large", f"at most {MAX_BODY:,} octets")
        parts.append(part)
        if not message.get("more_body"):
            return b"".join(parts)


async def _gone(receive: Receive) -> None:
    while (await receive())["type"] != "http.disconnect":
        pass


def _head(status: int, kind: bytes, length: int | None = None) -> MutableMapping[str, Any]:
    headers = [
        (b"content-type", kind),
        (b"cache-control", b"no-store"),
        *((name, value) for name, value in HEADERS.items() if name != b"cache-control"),
    ]
    if length is not None:
        headers.append((b"content-length", str(length).encode()))
    return {"type": "http.response.start", "status": status, "headers": headers}


async def _reply(send: Send, status: int, body: bytes, kind: bytes = b"application/json") -> None:
    await send(_head(status, kind, len(body)))
    await send({"type": "http.response.body", "body": body})
