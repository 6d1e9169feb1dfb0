"""Signing as a service: for whom, for which numbers, how often.

Each tenant is authenticated by a key of its own, of which a salted hash is stored. It signs for numbers of
its table alone, at most at its rate; A comes from the table and is never taken on request; and the
certificate's TNAuthList bounds all of it. A refusal is a value, and is what the HTTP API answers (`ANSWERS`).
"""

from __future__ import annotations

import hashlib
import hmac
import re
import secrets
import tomllib
import uuid
from collections.abc import Sequence
from typing import Annotated, Any, Literal

import msgspec

from ringfence.errors import ConfigError, UsageError
from ringfence.model.rejected import Rejected
from ringfence.verify.attestation import parse_numbers
from ringfence.verify.passport import parse_token
from ringfence.verify.rotation import KeyRing
from ringfence.verify.signer import Signer
from ringfence.verify.tnauthlist import TNAuthList

#: Seconds by which a tenant's iat may differ from now: nothing is signed in advance, or for later.
MAX_SKEW = 60.0
#: The same for a call that is transferred long after it began (RFC 8946 section 4.2).
MAX_SKEW_DIVERTED = 3 * 3600.0

_NAME = re.compile(r"[a-z0-9][a-z0-9_-]{0,62}")
_STORED = re.compile(r"s256:([0-9a-f]{32}):([0-9a-f]{64})")
_PREFIX = "rfs"


class Answer(msgspec.Struct, frozen=True):
    """What the HTTP API of ATIS-1000082 answers. status: of HTTP. code: its messageId."""

    status: int
    code: str


_INVALID = Answer(400, "SVC4005")
_FORBIDDEN = Answer(403, "POL4030")
_BROKEN = Answer(500, "POL5000")

#: Every reason for which the service refuses. SVC4005 and POL5000 are the document's; it has none for a
#: tenant that may not: the others follow its pattern (HTTP status and a digit).
ANSWERS: dict[str, Answer] = {
    "unauthenticated": Answer(401, "POL4010"),
    "rate_exceeded": Answer(429, "POL4290"),
    "not_in_table": _FORBIDDEN,
    "type_not_allowed": _FORBIDDEN,
    "not_authorised": _FORBIDDEN,
    "constraint_violated": _FORBIDDEN,
    "bad_syntax": _INVALID,
    "unsupported": _INVALID,
    "stale": _INVALID,
    "future": _INVALID,
    "dest_mismatch": _INVALID,
    "expired": _BROKEN,
    "not_yet_valid": _BROKEN,
    "no_key": _BROKEN,
}


class Tenant(msgspec.Struct, frozen=True):
    """One tenant. keys: stored forms of its API keys, two while they are being changed. numbers: those it
    holds. others: the most it may attest for any other number, "" to refuse them. types: of PASSporT. rate:
    signatures a second in the long run; burst: at once. origid: its UUID; "": derived from the seed.
    """

    name: str
    keys: tuple[str, ...]
    numbers: TNAuthList
    others: str = ""
    types: tuple[str, ...] = ("shaken", "div")
    rate: float = 10.0
    burst: float = 20.0
    origid: str = ""


class SigningRequest(msgspec.Struct, frozen=True):
    """What is to be signed. orig, dest: E.164 or URIs, canonical. iat: seconds since 1970; None: now. attest:
    the level asked for; "": the highest that the table gives. rich: rcd, rcdi, crn. received: for div and
    div-o, the Identity header or token that the call came with, orig is taken from it and dest is where it
    goes now. by: who diverts, where that token was for several. priorities, sph: for rph."""

    orig: str = ""
    dest: tuple[str, ...] = ()
    iat: int | None = None
    ppt: str = "shaken"
    attest: str = ""
    rich: dict[str, Any] | None = None
    received: str = ""
    by: str | None = None
    priorities: tuple[str, ...] = ()
    sph: bool = False


class Signed(msgspec.Struct, frozen=True):
    """identity: the header's value. attest, origid: as signed, "" for types without. tenant: for whom."""

    identity: str
    tenant: str
    attest: str = ""
    origid: str = ""


def new_api_key(tenant: str) -> tuple[str, str]:
    """A key for a tenant, to be told once, and its stored form. Raises UsageError for a bad name."""
    if not _NAME.fullmatch(tenant):
        raise UsageError(f"tenant {tenant!r:.40}: {_BAD_NAME}")
    key = f"{_PREFIX}.{tenant}.{secrets.token_urlsafe(32)}"
    return key, stored_form(key, secrets.token_bytes(16))


def stored_form(key: str, salt: bytes) -> str:
    """What is kept of an API key. One round of SHA-256 is enough: the key is 256 random bits, not a word."""
    return f"s256:{salt.hex()}:{hashlib.sha256(salt + key.encode()).hexdigest()}"


def _is_key(key: str, stored: str) -> bool:
    match = _STORED.fullmatch(stored)
    salt = bytes.fromhex(match[1]) if match else b""
    return hmac.compare_digest(stored_form(key, salt), stored)


_NOBODY = "s256:" + "0" * 32 + ":" + "0" * 64


class SigningService:
    """Signs for tenants with the keys of a ring.

    seed: the UUID from which origids are derived; keep it to oneself. `now`: seconds since 1970. Not for
    several threads at once: rates are counted here.
    """

    def __init__(self, ring: KeyRing, tenants: Sequence[Tenant], seed: uuid.UUID) -> None:
        self._ring = ring
        self._seed = seed
        self._tenants: dict[str, Tenant] = {}
        self._buckets: dict[str, tuple[float, float]] = {}
        self.reload(tenants)

    def take_over(self, other: SigningService) -> None:
        """Another service's keys, tenants and origids from now on; used rates are remembered."""
        self._ring, self._seed = other._ring, other._seed
        self.reload(tuple(other._tenants.values()))

    def reload(self, tenants: Sequence[Tenant]) -> None:
        """Other tenants from now on; what they have used of their rates is remembered."""
        self._tenants = {tenant.name: tenant for tenant in tenants}
        self._buckets = {name: b for name, b in self._buckets.items() if name in self._tenants}

    def tenant(self, name: str) -> Tenant | None:
        """One that the caller has authenticated in another way, such as by its trunk."""
        return self._tenants.get(name)

    def authenticate(self, key: str) -> Tenant | Rejected:
        """The tenant whose API key this is. Rejected: reason unauthenticated."""
        parts = key.split(".") if len(key) <= 256 and key.isascii() else []
        tenant = self._tenants.get(parts[1]) if len(parts) == 3 and parts[0] == _PREFIX else None
        # an unknown name takes as long as a wrong key
        tried = key if parts else ""
        held = [_is_key(tried, stored) for stored in (tenant.keys if tenant else (_NOBODY,))]
        if tenant is None or not any(held):
            return Rejected("unauthenticated", None, "no such API key")
        return tenant

    def sign(self, tenant: Tenant, request: SigningRequest, now: float) -> Signed | Rejected:
        """An Identity header for an authenticated tenant. Rejected: a reason of ANSWERS."""
        if fault := self._spend(tenant, now):
            return fault
        # a name in a shaken token is worth as much as one in an rcd token
        for ppt in (request.ppt, "rcd") if request.rich else (request.ppt,):
            if ppt not in tenant.types:
                allowed = ", ".join(word or "plain" for word in tenant.types)
                return Rejected("type_not_allowed", None, f"{tenant.name} may sign {allowed} alone")
        signer = self._ring.at(now)
        if isinstance(signer, Rejected):
            return signer
        if request.ppt in ("div", "div-o"):
            return self._divert(tenant, signer, request, now)
        iat = int(now) if request.iat is None else request.iat
        if fault := _age_fault(iat, now, MAX_SKEW):
            return fault
        level = _level(tenant, request.orig)
        if isinstance(level, Rejected):
            return level
        if request.ppt != "shaken":
            if level != "A":
                return _outside(tenant, request.orig)
            return _signed(self._other(signer, request, iat), tenant)
        if request.attest and request.attest not in ("A", "B", "C"):
            return Rejected("bad_syntax", None, f"attest {request.attest!r:.20}: it is A, B or C")
        if request.attest and request.attest < level:
            return _outside(tenant, request.orig)
        attest, origid = request.attest or level, self.origid(tenant)
        value = signer.shaken(request.orig, request.dest, iat, attest, origid, rich=request.rich)
        return _signed(value, tenant, attest, origid)

    def origid(self, tenant: Tenant) -> str:
        """The UUID that stands for a tenant in its tokens, always the same (RFC 8588 section 5)."""
        return tenant.origid or str(uuid.uuid5(self._seed, f"tenant\0{tenant.name}"))

    def _spend(self, tenant: Tenant, now: float) -> Rejected | None:
        """A token of the tenant's bucket; refused requests cost one too, or limits could be probed freely."""
        left, last = self._buckets.get(tenant.name, (tenant.burst, now))
        # a clock that goes back gives nothing
        left = min(tenant.burst, left + max(0.0, now - last) * tenant.rate)
        spent = left >= 1.0
        self._buckets[tenant.name] = (left - 1.0 if spent else left, max(now, last))
        if spent:
            return None
        return Rejected("rate_exceeded", None, f"{tenant.name} signs {tenant.rate:g} a second at most")

    def _divert(
        self, tenant: Tenant, signer: Signer, request: SigningRequest, now: float
    ) -> Signed | Rejected:
        token = request.received.partition(";")[0].strip()
        received = parse_token(token)
        if isinstance(received, Rejected):
            return Rejected(received.reason, None, f"received: {received.detail}")
        if len(request.dest) != 1:
            return Rejected("bad_syntax", None, "dest is the one number or URI that the call goes on to")
        claims = received.claims
        iat = request.iat
        if iat is None:
            iat = int(claims.iat)
        if fault := _age_fault(iat, now, MAX_SKEW_DIVERTED):
            return fault
        held = (*claims.dest.tn, *claims.dest.uri)
        by = request.by if request.by is not None else held[0]
        by = by if ":" in by else by.removeprefix("+")
        if not tenant.numbers.covers(by):
            return _outside(tenant, by)
        if request.ppt == "div":
            return _signed(signer.div(received, request.dest[0], iat, by=request.by), tenant)
        return _signed(signer.div_o(token, request.dest[0], iat, by=request.by), tenant)

    def _other(self, signer: Signer, request: SigningRequest, iat: int) -> str | Rejected:
        if request.ppt == "rcd":
            return signer.rcd(request.orig, request.dest, iat, request.rich or {})
        if request.ppt == "rph":
            return signer.rph(request.orig, request.dest, iat, request.priorities, sph=request.sph)
        return signer.plain(request.orig, request.dest, iat)


def _level(tenant: Tenant, orig: str) -> str | Rejected:
    if tenant.numbers.covers(orig.removeprefix("+")):
        return "A"
    return tenant.others or _outside(tenant, orig)


def _outside(tenant: Tenant, identity: str) -> Rejected:
    return Rejected("not_in_table", None, f"{identity:.40} is not among the numbers of {tenant.name}")


def _age_fault(iat: int, now: float, most: float) -> Rejected | None:
    if iat > now + MAX_SKEW:
        return Rejected("future", None, f"iat is {iat - now:.0f} s ahead; calls are signed as they begin")
    if iat < now - most:
        return Rejected("stale", None, f"iat is {now - iat:.0f} s ago; calls are signed as they begin")
    return None


def _signed(value: str | Rejected, tenant: Tenant, attest: str = "", origid: str = "") -> Signed | Rejected:
    return value if isinstance(value, Rejected) else Signed(value, tenant.name, attest, origid)


class _Entry(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    name: str
    keys: Annotated[tuple[str, ...], msgspec.Meta(min_length=1)]
    numbers: tuple[str, ...] = ()
    others: Literal["", "B", "C"] = ""
    types: tuple[Literal["plain", "shaken", "div", "div-o", "rcd", "rph"], ...] = ("shaken", "div")
    rate: Annotated[float, msgspec.Meta(gt=0)] = 10.0
    burst: Annotated[float, msgspec.Meta(ge=1)] = 20.0
    origid: str = ""


class _Table(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    tenants: tuple[_Entry, ...]


_BAD_NAME = "a name has 1 to 63 of a-z, 0-9, _ and -"


def parse_tenants(octets: bytes, name: str) -> tuple[Tenant, ...]:
    """A table of tenants from TOML. Raises ConfigError, one line with file and tenant."""
    try:
        raw: dict[str, Any] = tomllib.loads(octets.decode("utf-8-sig"))
    except UnicodeDecodeError as error:
        raise ConfigError(f"{name}: not UTF-8 at byte {error.start}; save it as UTF-8") from error
    except tomllib.TOMLDecodeError as error:
        raise ConfigError(f"{name}: not TOML: {error}") from error
    try:
        table = msgspec.convert(raw, _Table)
    except msgspec.ValidationError as error:
        raise ConfigError(f"{name}: {error}; see docs/reference/signing.md") from error
    found: dict[str, Tenant] = {}
    for entry in table.tenants:
        where = f"{name}: tenant {entry.name!r:.70}"
        if not _NAME.fullmatch(entry.name):
            raise ConfigError(f"{where}: {_BAD_NAME}")
        if entry.name in found:
            raise ConfigError(f"{where}: it is there twice")
        if not all(_STORED.fullmatch(stored) for stored in entry.keys):
            raise ConfigError(
                f"{where}: a key is not in its stored form, s256:SALT:HASH; never store the key"
            )
        numbers = parse_numbers(entry.numbers)
        if isinstance(numbers, str):
            raise ConfigError(
                f"{where}: {numbers!r:.40} is no number in E.164 and no range such as "
                "+447700900000-+447700900999"
            )
        try:
            origid = str(uuid.UUID(entry.origid)) if entry.origid else ""
        except ValueError:
            raise ConfigError(f"{where}: origid {entry.origid!r:.40} is no UUID") from None
        types = tuple("" if word == "plain" else str(word) for word in entry.types)
        found[entry.name] = Tenant(
            entry.name, entry.keys, numbers, entry.others, types, entry.rate, entry.burst, origid
        )
    return tuple(found.values())
