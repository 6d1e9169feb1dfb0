"""What stands before every request: whose name was called, what may be asked, and what the answer forbids.

The pages show people's numbers, so a site open in the same browser must not be able to read them. A page on
another host that is re-bound to 127.0.0.1 (DNS rebinding) still sends its own name in Host: such a request
is refused. Only GET and HEAD are answered. References: RFC 9110 section 7.2, W3C Content Security Policy 3.
"""

from __future__ import annotations

import msgspec
from litestar.enums import HttpMethod, ScopeType
from litestar.types import ASGIApp, HTTPResponseStartEvent, Message, Receive, Scope, Send

from ringfence.serve.problems import Problem

HOSTS = frozenset({"127.0.0.1", "localhost", "[::1]"})

#: Pages load from here alone, run no inline script and carry no inline style.
POLICY = (
    "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self' data:; font-src 'self'; "
    "connect-src 'self'; form-action 'self'; base-uri 'none'; frame-ancestors 'none'"
)

HEADERS = {
    b"content-security-policy": POLICY.encode(),
    b"x-content-type-options": b"nosniff",
    b"x-frame-options": b"DENY",
    b"referrer-policy": b"no-referrer",
    b"cross-origin-opener-policy": b"same-origin",
    b"cross-origin-resource-policy": b"same-origin",
    b"permissions-policy": b"camera=(), microphone=(), geolocation=()",
    b"cache-control": b"no-store",
}


def guarded(app: ASGIApp) -> ASGIApp:
    """`app` behind the checks above; every answer, also a refusal, carries HEADERS it does not set itself."""

    async def guard(scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != ScopeType.HTTP:
            await app(scope, receive, send)
            return
        head = scope["method"] == HttpMethod.HEAD

        async def sealed(message: Message) -> None:
            if message["type"] == "http.response.start":
                message = _with_headers(message)
            elif head and message["type"] == "http.response.body":
                message["body"] = b""
            await send(message)

        refusal = _refusal(scope)
        if refusal is not None:
            await _refuse(refusal, sealed)
            return
        if head:
            scope["method"] = HttpMethod.GET
        await app(scope, receive, sealed)

    return guard


def host_allowed(header: str) -> bool:
    """Whether a Host header names this machine's loopback, with any port."""
    name, colon, port = header.strip().lower().rpartition(":")
    if not colon or port.endswith("]"):
        name = header.strip().lower()
    elif not port.isdecimal():
        return False
    return name in HOSTS


def _refusal(scope: Scope) -> Problem | None:
    hosts = [value for name, value in scope["headers"] if name.lower() == b"host"]
    if len(hosts) != 1 or not host_allowed(hosts[0].decode("latin-1")):
        return Problem(
            title="Misdirected request",
            status=421,
            detail="This page answers to 127.0.0.1 and localhost only.",
        )
    if scope["type"] == ScopeType.HTTP and scope["method"] not in ("GET", "HEAD"):
        return Problem(title="Method not allowed", status=405, detail="This page is read-only: GET and HEAD.")
    return None


async def _refuse(problem: Problem, send: Send) -> None:
    headers = [(b"content-type", b"application/problem+json")]
    if problem.status == 405:
        headers.append((b"allow", b"GET, HEAD"))
    await send({"type": "http.response.start", "status": problem.status, "headers": headers})
    await send({"type": "http.response.body", "body": msgspec.json.encode(problem), "more_body": False})


def _with_headers(message: HTTPResponseStartEvent) -> HTTPResponseStartEvent:
    given = list(message["headers"])
    names = {name.lower() for name, _ in given}
    message["headers"] = given + [(name, value) for name, value in HEADERS.items() if name not in names]
    return message
