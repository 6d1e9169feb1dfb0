"""One fetch from beginning to end: its turn, the request, redirects where they are allowed, and whether what
came can be used and for how long. It ends within `seconds`, whatever the servers do."""

from __future__ import annotations

import asyncio
import ssl

import msgspec

from ringfence.config import FetchSettings
from ringfence.errors import ConfigError
from ringfence.model.rejected import Rejected
from ringfence.serve.address_guard import AddressGuard
from ringfence.serve.answer_lifetime import end_of_validity, lifetime
from ringfence.serve.fetch_target import Target, follow
from ringfence.serve.http_get import Answer, Failure, Progress, get, printable
from ringfence.serve.resolving import Resolver, SystemResolver
from ringfence.serve.slots import Slots
from ringfence.store.fetched_files import Kept

#: What certificates and revocation lists come as: RFC 8555 section 9.1, RFC 2585, RFC 5280, and what web
#: servers make of .pem, .crt and files that they don't know.
CERTIFICATE_TYPES = frozenset(
    {
        "application/pem-certificate-chain",
        "application/pkix-cert",
        "application/pkix-crl",
        "application/pkcs7-mime",
        "application/x-pem-file",
        "application/x-pkcs7-certificates",
        "application/x-pkcs7-crl",
        "application/x-x509-ca-cert",
        "application/x-x509-user-cert",
        "application/octet-stream",
        "binary/octet-stream",
        "text/plain",
    }
)

_REDIRECTS = frozenset({301, 302, 303, 307, 308})


class Brought(msgspec.Struct, frozen=True):
    """An answer that can be used; storable: also written to disk."""

    kept: Kept
    storable: bool


class Requester:
    """Asks servers. For one event loop at a time."""

    def __init__(
        self, settings: FetchSettings, resolve: Resolver | None, content_types: frozenset[str]
    ) -> None:
        """resolve: None for the system's way. Raises ConfigError for a file of authorities that cannot be
        read."""
        self._settings = settings
        self._given = resolve
        self._types = content_types
        self._guard = AddressGuard(settings.allow_networks, settings.deny_networks)
        self._loop: asyncio.AbstractEventLoop | None = None
        # reading the system's authorities takes 30 ms: only once something is fetched
        self._tls = _tls(settings.ca_file) if settings.ca_file else None

    async def ask(self, url: str, target: Target, now: float) -> Brought | Failure:
        """What the target gives; `url` is the name that it is kept by. Raises nothing of the server's."""
        loop = asyncio.get_running_loop()
        if loop is not self._loop:  # the first, or another one after a fork
            self._loop = loop
            self._slots = Slots(self._settings.concurrent, self._settings.per_host)
            self._resolve = self._given or SystemResolver(self._settings.concurrent)
        progress = Progress()
        deadline = loop.time() + self._settings.seconds
        try:
            async with asyncio.timeout_at(deadline):
                answer = await self._follow(target, deadline, progress)
        except TimeoutError:
            detail = f"{target.host}: took more than {self._settings.seconds:g} s, {progress.doing}"
            return Failure("timeout" if progress.had_its_turn else "busy", detail)
        if isinstance(answer, Failure):
            return answer
        if failure := self._judge(target, answer):
            return failure
        span = lifetime(answer.headers, now, self._settings, end_of_validity(answer.body))
        kept = Kept(url, answer.body, now, span.fresh_until, span.renew_until, span.error_until)
        return Brought(kept, span.storable)

    async def _follow(self, target: Target, deadline: float, progress: Progress) -> Answer | Failure:
        """Ask, and follow as many redirects as are allowed, each under the same rules."""
        self._tls = self._tls or _tls(None)
        for left in range(self._settings.redirects, -1, -1):
            async with self._slots.turn(target.host):
                progress.had_its_turn = True
                answer = await get(
                    target,
                    guard=self._guard,
                    resolve=self._resolve,
                    tls=self._tls,
                    limit_bytes=self._settings.limit_bytes,
                    deadline=deadline,
                    progress=progress,
                )
            if isinstance(answer, Failure) or answer.status not in _REDIRECTS or not left:
                break
            onward = follow(target, answer.headers.get("location", ""), self._settings)
            if isinstance(onward, Rejected):
                return Failure("redirect", f"{target.host}: redirects, but {onward.detail}")
            target = onward
        return answer

    def _judge(self, target: Target, answer: Answer) -> Failure | None:
        """Why the last answer cannot be used."""
        if answer.status in _REDIRECTS:
            followed = self._settings.redirects
            most = f"more than {followed} in a row" if followed else "none is followed"
            return Failure("redirect", f"{target.host}: redirects with {answer.status}; {most}")
        if answer.status != 200:
            return Failure("status", f"{target.host}: answers {answer.status}")
        body = answer.body.lstrip(b"\xef\xbb\xbf \t\r\n")
        if not body:
            return Failure("empty", f"{target.host}: answers with nothing")
        kind = answer.headers.get("content-type", "").partition(";")[0].strip().lower()
        # servers guess types from names, and name certificates as pages; what reads as PEM is no page
        if kind and kind not in self._types and not body.startswith(b"-----BEGIN "):
            return Failure("content_type", f"{target.host}: sends {printable(kind)}, which is no certificate")
        return None


def _tls(ca_file: str | None) -> ssl.SSLContext:
    """Certificates and names are checked; TLS 1.2 or newer. Raises ConfigError."""
    try:
        context = ssl.create_default_context(cafile=ca_file)
    except OSError as error:  # ssl.SSLError is one
        why = error.strerror or "holds no certificate"
        raise ConfigError(f"{ca_file}: fetch.ca_file cannot be read as PEM ({why})") from error
    context.minimum_version = ssl.TLSVersion.TLSv1_2
    context.set_alpn_protocols(["http/1.1"])
    return context
