"""The fingerprint of an INVITE: the shape that a SIP stack cannot help showing.

Nothing in it depends on who calls whom, from which host, with which identifiers or when. It is read off
the first INVITE of a call as it left its source, so what proxies add on the way is left out where it can be
told: the lowest Via counts, Max-Forwards is counted back by the number of Vias, and headers that networks
insert or that vary from call to call are not in the header order. docs/reference/fingerprint.md lists the
parts.
"""

from __future__ import annotations

import functools
import hashlib

import msgspec

from ringfence.sip.headers import canonical_name, parse_address, parse_via, split_values, tag_of
from ringfence.sip.message import Message
from ringfence.sip.sdp import offer_parts, session_description
from ringfence.sip.shape import identifier_shape, product
from ringfence.sip.uri import Params, parse_uri

#: Headers that depend on the call, on its caller or on the networks it crossed, not on the stack.
NOT_SHAPE = frozenset(
    {
        "authorization",
        "date",
        "diversion",
        "geolocation",
        "history-info",
        "identity",
        "identity-info",
        "p-access-network-info",
        "p-asserted-identity",
        "p-charging-vector",
        "p-preferred-identity",
        "privacy",
        "proxy-authorization",
        "reason",
        "record-route",
        "referred-by",
        "remote-party-id",
        "replaces",
        "route",
        "session-id",
    }
)
_LISTS = ("supported", "allow", "require", "accept", "allow-events")
_AS_WRITTEN = ("session-expires", "min-se", "expires")
_EXACT_CSEQ = 999


class Fingerprint(msgspec.Struct, frozen=True):
    """value: 16 hexadecimal digits, the start of the SHA-256 of the parts. parts: `name:value`, in order."""

    value: str
    parts: tuple[str, ...]


def fingerprint(message: Message) -> Fingerprint | None:
    """The fingerprint of an INVITE; None for other messages and for one whose body was cut off."""
    if message.method != "INVITE" or not message.complete:
        return None
    parts = [_header_order(message)]
    parts += _vias(message)
    parts += _identifiers(message)
    parts += _addresses(message)
    for name in _LISTS:
        if values := message.all(name):
            parts.append(f"{name}:{','.join(map(_spaceless, values))}")
    for name in _AS_WRITTEN:
        value = message.get(name)
        if value is not None:
            parts.append(f"{name}:{value.replace(' ', '')}")
    parts += _product(message)
    parts += _body(message)
    return Fingerprint(digest(parts), tuple(parts))


def digest(parts: list[str] | tuple[str, ...]) -> str:
    """The hash of a list of parts."""
    return hashlib.sha256("\n".join(parts).encode("utf-8", "replace")).hexdigest()[:16]


@functools.lru_cache(maxsize=4096)
def _spaceless(text: str) -> str:
    return ",".join(value.strip() for value in text.split(","))


def _header_order(message: Message) -> str:
    return _order(tuple([name for name, _ in message.headers]))


@functools.lru_cache(maxsize=4096)
def _order(written: tuple[str, ...]) -> str:
    names: list[str] = []
    for name in written:
        if canonical_name(name) not in NOT_SHAPE and (not names or names[-1] != name):
            names.append(name)  # as written: case and compact form are the stack's own
    return "headers:" + ",".join(names)


def _names(params: Params) -> str:
    return "".join(f";{name}" for name, _ in params)


def _vias(message: Message) -> list[str]:
    values = [value for line in message.all("via") for value in split_values(line)]
    parts: list[str] = []
    via = parse_via(values[-1]) if values else None
    if via is not None:
        # `received` and a filled `rport` are the next hop's doing
        names = "".join(f";{name}" for name, _ in via.params if name != "received")
        parts.append(f"via:{via.transport}{names}")
        branch = via.branch or ""
        cookie = "z9hG4bK" if branch.startswith("z9hG4bK") else ""
        parts.append(f"branch:{cookie}+{identifier_shape(branch[len(cookie) :])}")
    hops = message.get("max-forwards")
    if hops is not None and hops.isdecimal() and len(hops) < 5:
        parts.append(f"max-forwards:{int(hops) + max(len(values) - 1, 0)}")
    return parts


def _identifiers(message: Message) -> list[str]:
    call_id, at, _ = (message.get("call-id") or "").partition("@")
    parts = [
        f"call-id:{identifier_shape(call_id)}{'@host' if at else ''}",
        f"tag:{identifier_shape(tag_of(message.get('from') or ''))}",
    ]
    number = (message.get("cseq") or "").partition(" ")[0]
    if number.isdecimal() and len(number) <= 10:
        exact = int(number) <= _EXACT_CSEQ
        parts.append(f"cseq:{int(number)}" if exact else f"cseq:>{_EXACT_CSEQ}")
    return parts


def _addresses(message: Message) -> list[str]:
    parts: list[str] = []
    target = parse_uri(message.uri)
    if target is not None:
        parts.append(f"request-uri:{target.scheme}{_names(target.params)}")
    for name in ("from", "to"):
        value = message.get(name)
        if value is not None:
            parts.append(f"{name}:{_address_form(value)}")
    contact = message.get("contact")
    address = parse_address(split_values(contact)[0]) if contact is not None else None
    uri = parse_uri(address.uri) if address else None
    if address is not None and uri is not None:
        brackets = "<>" if contact and "<" in contact else ""
        parts.append(f"contact:{uri.scheme}{_names(uri.params)}{brackets}{_names(address.params)}")
    return parts


def _address_form(value: str) -> str:
    """Whether a From or To has angle brackets, and the names of its header parameters in order."""
    _, bracket, tail = value.rpartition(">")
    if not bracket:
        tail = value.partition(";")[2]
    elif '"' in tail:
        address = parse_address(value)
        return "?" if address is None else f"<>{_names(address.params)}"
    names = [piece.partition("=")[0].strip().lower() for piece in tail.split(";")]
    return ("<>" if bracket else "") + "".join(f";{name}" for name in names if name)


def _product(message: Message) -> list[str]:
    agent = message.get("user-agent")
    return [] if agent is None else [f"user-agent:{product(agent)}"]


def _body(message: Message) -> list[str]:
    kind = message.get("content-type")
    parts = [] if kind is None else [f"content-type:{kind.partition(';')[0].strip()}"]
    sdp = session_description(message)
    if sdp is None or not sdp.strip():
        return [*parts, "sdp-lines:-"]
    address = parse_address(message.get("from") or "")
    uri = parse_uri(address.uri) if address else None
    return parts + offer_parts(sdp, (uri.user if uri else None) or "")
