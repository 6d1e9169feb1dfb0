"""What an INVITE says about its call, in the words of the call record."""

from __future__ import annotations

import re

import msgspec

from ringfence.sip.fingerprint import fingerprint
from ringfence.sip.headers import Address, parse_address, split_values
from ringfence.sip.identity import read_claims
from ringfence.sip.message import Message
from ringfence.sip.uri import Uri, parse_uri

_WITHHOLDING = frozenset({"id", "user", "header"})
_VERSTAT = re.compile(
    r"(TN-Validation-Passed|TN-Validation-Failed|No-TN-Validation)(?:-([ABC]))?", re.IGNORECASE
)
_VERSTAT_WORDS = {
    word.lower(): word for word in ("TN-Validation-Passed", "TN-Validation-Failed", "No-TN-Validation")
}
_DIVERSION_CAUSES = frozenset({"302", "404", "408", "480", "486", "487", "503"})  # RFC 4458


class Described(msgspec.Struct):
    """Columns of the call record that an INVITE fills; numbers as they stand in it."""

    called: str | None = None
    caller: str | None = None
    network_number: str | None = None
    diverted_from: str | None = None
    trunk: str | None = None
    egress_trunk: str | None = None
    attestation: str | None = None
    origid: str | None = None
    verstat: str | None = None
    user_agent: str | None = None
    fingerprint: str | None = None
    fingerprint_parts: tuple[str, ...] | None = None


def describe(message: Message) -> Described:
    """Read an INVITE. caller is None where the caller is withheld (RFC 3323, RFC 3325); network_number is
    P-Asserted-Identity where it differs from caller. Claims of an Identity header are not verified."""
    target = parse_uri(message.uri)
    sender = _uri_of(parse_address(message.get("from") or ""))
    asserted = _asserted(message)
    caller = None if _withheld(message, sender) else _number(sender)
    network = _number(asserted)
    described = Described(
        called=_number(target),
        caller=caller,
        network_number=network if network != caller else None,
        diverted_from=_diverted_from(message),
        trunk=_trunk(message),
        egress_trunk=target.param("tgrp") if target else None,
        user_agent=message.get("user-agent"),
    )
    _claims(message, described)
    _verstat(asserted, sender, described)
    shape = fingerprint(message)
    if shape is not None:
        described.fingerprint, described.fingerprint_parts = shape.value, shape.parts
    return described


def egress_trunk(message: Message) -> str | None:
    """The trunk group that the Request-URI leads to (RFC 4904 section 5)."""
    if "tgrp" not in message.uri:
        return None
    target = parse_uri(message.uri)
    return target.param("tgrp") if target else None


def _uri_of(address: Address | None) -> Uri | None:
    return parse_uri(address.uri) if address else None


def _number(uri: Uri | None) -> str | None:
    """The user part; a local number gets its phone-context if that is a prefix (RFC 3966 5.1.5)."""
    if uri is None or not uri.user:
        return None
    context = uri.param("phone-context") if uri.user_params else None
    if context and context.startswith("+") and not uri.user.startswith("+"):
        return context + uri.user
    return uri.user


def _asserted(message: Message) -> Uri | None:
    """P-Asserted-Identity; of two values the one that holds a number."""
    uris = [
        uri
        for line in message.all("p-asserted-identity")
        for value in split_values(line)[:4]
        if (uri := _uri_of(parse_address(value))) is not None
    ]
    return next((u for u in uris if u.user and u.user.lstrip("+")[:1].isdigit()), uris[0] if uris else None)


def _withheld(message: Message, sender: Uri | None) -> bool:
    privacy = {v.strip().lower() for line in message.all("privacy") for v in re.split("[;,]", line)}
    if privacy & _WITHHOLDING:
        return True
    if sender is None:
        return True
    return (sender.user or "").lower() in ("anonymous", "unavailable", "restricted") or (
        sender.host or ""
    ).lower() == "anonymous.invalid"


def _trunk(message: Message) -> str | None:
    """The originating trunk group: tgrp in Contact (RFC 4904 section 5)."""
    contact = message.get("contact")
    if contact is None or "tgrp" not in contact:
        return None
    uri = _uri_of(parse_address(split_values(contact)[0]))
    return uri.param("tgrp") if uri else None


def _diverted_from(message: Message) -> str | None:
    """The last diverting number: the top Diversion (RFC 5806), else History-Info (RFC 7044)."""
    diversion = message.get("diversion")
    if diversion is not None:
        number = _number(_uri_of(parse_address(split_values(diversion)[0])))
        if number is not None:
            return number
    return _history(message)


def _history(message: Message) -> str | None:
    entries: list[tuple[str | None, Uri | None, Address]] = []
    for line in message.all("history-info"):
        for value in split_values(line)[:32]:
            address = parse_address(value)
            if address is not None:
                index = dict(address.params).get("index")
                # the Reason rides in the URI's headers, which is why they are cut off here
                entries.append((index, parse_uri(address.uri.partition("?")[0]), address))
    for place in range(len(entries) - 1, 0, -1):
        _, uri, address = entries[place]
        mapped = dict(address.params).get("mp")
        if mapped is not None:
            source = next((u for i, u, _ in entries if i == mapped), None)
            return _number(source)
        if uri is not None and uri.param("cause") in _DIVERSION_CAUSES:
            return _number(entries[place - 1][1])
    return None


def _claims(message: Message, described: Described) -> None:
    for line in message.all("identity")[:8]:
        claims = read_claims(line)
        if claims is not None and (claims.attestation or claims.origid):
            described.attestation, described.origid = claims.attestation, claims.origid
            return


def _verstat(asserted: Uri | None, sender: Uri | None, described: Described) -> None:
    """verstat of TS 24.229; its -A, -B, -C ending is the attestation where no PASSporT gives one."""
    for uri in (asserted, sender):
        value = uri.param("verstat") if uri else None
        match = _VERSTAT.fullmatch(value) if value else None
        if match is not None:
            described.verstat = _VERSTAT_WORDS[match[1].lower()]
            if described.attestation is None and match[2]:
                described.attestation = match[2].upper()
            return
