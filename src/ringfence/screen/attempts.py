"""An INVITE, and what the edge knows of whoever sent it, as an attempt to be judged.

What an edge does not trust is not read: from an untrusted side P-Asserted-Identity, Diversion and the trunk's
name are claims like From, and prove nothing of the network.
"""

from __future__ import annotations

import functools
import re
from urllib.parse import unquote

import msgspec

from ringfence.ingest.invite import describe
from ringfence.model.attempt import Attempt
from ringfence.numbers.reading import normalise
from ringfence.sip.headers import parse_address, split_values
from ringfence.sip.message import Message
from ringfence.sip.uri import parse_uri

#: Fields in which a device may find the number that it shows (RFC 3261, RFC 3325, and older ones).
_SHOWN = ("from", "p-asserted-identity", "p-preferred-identity", "remote-party-id")
#: Numbers of one INVITE that are looked at: more than any honest one has.
_MOST = 12


class Edge(msgspec.Struct, frozen=True):
    """Whoever sends calls, as the operator configured it: not what the calls say.

    trunk, account, carrier: names. ingress: international, national or customer. trusted: whether it belongs
    to the trust domain of RFC 3324, so that its P-Asserted-Identity and Diversion are believed. region: ISO
    3166 code that says how its national numbers are read. tenant: for whom its calls are signed; "": they
    are not."""

    trunk: str | None = None
    account: str | None = None
    carrier: str | None = None
    ingress: str = ""
    trusted: bool = False
    region: str = "GB"
    tenant: str = ""


def attempt_of(message: Message, edge: Edge, source: str | None, now: float) -> Attempt:
    """What an INVITE asks for. source: its sender's address. now: seconds since 1970."""
    said = describe(message)
    caller, fault = _number(said.caller, edge.region) if said.caller is not None else (None, "withheld")
    if said.caller is None and not _withheld(message):
        fault = "not_a_number"
    network = _number(said.network_number, edge.region)[0] if said.network_number and edge.trusted else None
    shown = said.caller or ""
    also = tuple(n for n in _shown(message, edge.region) if n != caller)
    return Attempt(
        call_id=message.get("call-id") or "",
        time=now,
        caller=caller,
        caller_fault=fault,
        caller_shown=shown[:64],
        network_number=network,
        called=_number(said.called, edge.region)[0],
        diverted_from=_number(said.diverted_from, edge.region)[0],
        diversion_believed=edge.trusted,
        trunk=edge.trunk or (said.trunk if edge.trusted else None),
        account=edge.account,
        carrier=edge.carrier,
        ingress=edge.ingress,
        source_ip=source,
        user_agent=said.user_agent,
        fingerprint=said.fingerprint,
        fingerprint_parts=said.fingerprint_parts or (),
        priority=(*message.all("priority"), *message.all("resource-priority"))[:8],
        also_shown=also,
    )


@functools.lru_cache(maxsize=65_536)
def _read(text: str, region: str) -> tuple[str | None, str]:
    number, reason = normalise(text, region)
    return number, reason or ""


def _number(text: str | None, region: str) -> tuple[str | None, str]:
    if text is None:
        return None, ""
    # longer ones are no numbers, and would fill memory
    return _read(text, region) if len(text) <= 128 else (None, "too_long")


def _withheld(message: Message) -> bool:
    """Whether the caller asked for that, and did not only write what cannot be read."""
    sender = parse_address(message.get("from") or "")
    uri = parse_uri(sender.uri) if sender is not None else None
    return uri is not None and (bool(message.all("privacy")) or uri.user is not None)


def _shown(message: Message, region: str) -> tuple[str, ...]:
    """Every number that some device may show, each once."""
    found: dict[str, None] = {}
    for name in _SHOWN:
        for line in message.all(name):
            for value in split_values(line):
                if len(found) >= _MOST:
                    return tuple(found)
                for text in _texts(value):
                    number = _number(text, region)[0]
                    if number is not None and len(number) > 6:
                        found[number] = None
    return tuple(found)


#: A number as a URI begins with it, in a value that breaks the grammar: some devices show it all the same.
_WRITTEN = re.compile(r"\b(?:sips?|tel):([^@;>,:\s]{1,64})", re.IGNORECASE)

#: A number among the words of a display name.
_DIGITS = re.compile(r"\+?[0-9(][0-9 ().\-/·‐-―]{4,30}[0-9]")
_BEGINS = re.compile(r"\+?[0-9(][0-9().\-]{4,30}")


def _texts(value: str) -> tuple[str, ...]:
    """The number in an address, and one in its display name: phones show that too."""
    address = parse_address(value)
    uri = parse_uri(address.uri) if address is not None else None
    name = (address.display if address is not None else None) or ""
    display = tuple(_DIGITS.findall(name)[:4]) if name else ()
    if uri is None or not uri.user:
        return (*map(unquote, _WRITTEN.findall(value)[:_MOST]), value[:128], *display)
    begins = _BEGINS.match(uri.user)
    if begins is None or begins.end() == len(uri.user):
        return (uri.user, *display)
    return (uri.user, begins[0], *display)  # what follows is passed over by some
