"""Answers to SIP requests, without state: the same request gets the same octets (RFC 3261 section 8.2.7).

What a request must find again in its answer is copied as it was received; all else is written here and holds
no control characters, so that nothing in a request can add a line to an answer.
"""

from __future__ import annotations

import functools
import hashlib
import ipaddress
import re
from collections.abc import Iterable

import msgspec

from ringfence.model.rejected import Rejected
from ringfence.sip.glance import branch_of
from ringfence.sip.headers import split_values, tag_of
from ringfence.sip.message import Message, parse
from ringfence.sip.uri import parse_uri
from ringfence.sip.validation import check

#: Address and port that a request came from; IPv6 without brackets.
Source = tuple[str, int]
Headers = Iterable[tuple[str, str]]

ALLOW = "INVITE, ACK, CANCEL, OPTIONS"

#: Reason phrases: RFC 3261 section 21, RFC 8224, RFC 8197, RFC 8688; 433 of RFC 5079; 603 of ATIS-1000099.
PHRASES = {
    200: "OK",
    302: "Moved Temporarily",
    400: "Bad Request",
    403: "Forbidden",
    404: "Not Found",
    405: "Method Not Allowed",
    416: "Unsupported URI Scheme",
    420: "Bad Extension",
    428: "Use Identity Header",
    433: "Anonymity Disallowed",
    436: "Bad Identity Info",
    437: "Unsupported Credential",
    438: "Invalid Identity Header",
    480: "Temporarily Unavailable",
    481: "Call/Transaction Does Not Exist",
    484: "Address Incomplete",
    486: "Busy Here",
    488: "Not Acceptable Here",
    503: "Service Unavailable",
    505: "Version Not Supported",
    600: "Busy Everywhere",
    603: "Network Blocked",
    604: "Does Not Exist Anywhere",
    606: "Not Acceptable",
    607: "Unwanted",
    608: "Rejected",
}

#: What is only sent inside a dialog, and we have none.
_IN_DIALOG = frozenset({"BYE", "INFO", "NOTIFY", "PRACK", "UPDATE"})
_DIALABLE = ("sip", "sips", "tel")

_SENT_BY = re.compile(r"SIP\s*/\s*2\.0\s*/\s*\S+\s+(\[[^\]]*\]|[^\s:;,]+)", re.IGNORECASE)
_RPORT = re.compile(r";\s*rport\s*(?=;|$)", re.IGNORECASE)
_RECEIVED = re.compile(r";\s*received\s*(?:=[^;,]*)?", re.IGNORECASE)
_UNPRINTABLE = re.compile(r"[\x00-\x1f\x7f-\x9f\u2028\u2029\ud800-\udfff]+")
_TOP_VIA = re.compile(
    rb"\n(?:via|v)[ \t]*:[ \t]*SIP[ \t]*/[ \t]*2\.0[ \t]*/[ \t]*[^\s;,]+[ \t]+"
    rb"(?:\[[^\]\r\n]*\]|[^\s:;,]+)[ \t]*(?::[ \t]*([0-9]{1,5}))?([^,\r\n]*)",
    re.IGNORECASE,
)
_FILLED = re.compile(rb";[ \t]*rport[ \t]*=[ \t]*([0-9]{1,5})(?=[ \t]*(?:;|$))", re.IGNORECASE)


class Extensions(msgspec.Struct, frozen=True):
    """supported: option tags that we say we understand. demanded: whether a request that requires another one
    is refused with 420; a redirect server ignores what it does not know (RFC 3261 section 8.3)."""

    supported: tuple[str, ...] = ()
    demanded: bool = False


def answer(
    message: Message,
    status: int,
    reason: str = "",
    source: Source | None = None,
    headers: Headers = (),
) -> bytes:
    """The response to a request (RFC 3261 section 8.2.6); b"" to what is never answered: a response, an ACK,
    a request without Via.

    reason: the reason phrase, "" for the usual one. source: fills in received and rport (RFC 3581); None
    leaves Via as it is. headers: names are ours; values may come from anywhere.
    """
    if message.status or message.method == "ACK":
        return b""
    whole = _as_received(message)
    vias = whole.all("via")
    if not vias:
        return b""
    lines = [f"SIP/2.0 {status} {printable(reason)[:200] or PHRASES.get(status, 'Refused')}"]
    lines.append("Via: " + (vias[0] if source is None else _top_via(vias[0], source)))
    lines += ["Via: " + via for via in vias[1:]]
    if 200 <= status < 300:  # section 12.1.1 wants it there, and table 2 of section 20 nowhere else
        lines += ["Record-Route: " + route for route in whole.all("record-route")]
    for name, key in (("From", "from"), ("To", "to"), ("Call-ID", "call-id"), ("CSeq", "cseq")):
        value = whole.get(key)
        if value is not None:
            if key == "to" and not tag_of(value):
                value = f"{value};tag={to_tag(message)}"
            lines.append(f"{name}: {value}")
    lines += [f"{name}: {printable(value)}" for name, value in headers]
    text = "\r\n".join(lines)
    # the parser leaves a carriage return alone where it is; others would end a line there
    if text.count("\r") >= len(lines):
        text = "\r\n".join([line.replace("\r", " ") for line in lines])
    return (text + "\r\nContent-Length: 0\r\n\r\n").encode("utf-8", "surrogateescape")


def printable(text: str) -> str:
    """Text for one line: runs of control characters become a space."""
    return _UNPRINTABLE.sub(" ", text) if not text.isprintable() else text


def to_tag(message: Message) -> str:
    """The tag that answers to a request carry, to its retransmissions and its CANCEL too (RFC 3261 sections
    8.2.7, 9.2 and 16.11): a hash of what they have in common. 16 hexadecimal digits."""
    parts = (
        message.get("call-id") or "",
        tag_of(message.get("from") or ""),
        (message.get("cseq") or "").partition(" ")[0],
        branch_of(message.get("via") or ""),
    )
    return hashlib.blake2b("\n".join(parts).encode("utf-8", "replace"), digest_size=8).hexdigest()


def no_opinion(message: Message, source: Source | None = None) -> bytes:
    """404 that says: route on as if you had not asked. Its Reason tells it from a number not in use."""
    return answer(message, 404, "No Opinion", source, (("Reason", 'SIP;cause=404;text="no opinion"'),))


def unavailable(message: Message, source: Source | None = None, retry_after: int = 1) -> bytes:
    """503: ask again after so many seconds (RFC 3261 section 21.5.4)."""
    return answer(message, 503, "", source, (("Retry-After", str(retry_after)),))


def without_judging(
    message: Message, source: Source | None = None, extensions: Extensions | None = None
) -> bytes | None:
    """The answer to whatever asks for no judgement; None for an INVITE that does.

    b"": nothing is sent. A CANCEL comes after the answer, so it changes nothing and gets its 200. 481 to all
    that claims a dialog: an INVITE with a To tag is no new call, and letting it pass unjudged would be a way
    round the screen.
    """
    extensions = extensions or Extensions()
    method = message.method
    if message.status or method == "ACK":
        return b""
    fault = check(message)
    if fault is not None:  # section 21.4.1: the phrase says what is wrong
        return answer(message, 400, "Bad Request: " + fault.reason.replace("_", " "), source)
    if method in _IN_DIALOG or (method != "OPTIONS" and tag_of(message.get("to") or "")):
        return answer(message, 481, "", source)
    if method == "CANCEL":
        return answer(message, 200, "", source)
    if method not in ("INVITE", "OPTIONS"):
        return answer(message, 405, "", source, (("Allow", ALLOW),))
    target = parse_uri(message.uri)
    if target is None or target.scheme not in _DIALABLE:
        return answer(message, 416, "", source)
    if extensions.demanded and (unknown := _unknown(message, extensions)):
        return answer(message, 420, "", source, (("Unsupported", ", ".join(unknown)),))
    return answer(message, 200, "", source, _capabilities(extensions)) if method == "OPTIONS" else None


def unreadable(data: bytes, fault: Rejected, source: Source | None = None) -> bytes:
    """The answer to what `parse` rejected: 505 to another version of SIP; else b"", for there is nothing
    in it by which its sender would know an answer again."""
    if fault.reason != "unsupported_version":
        return b""
    line, newline, rest = data.partition(b"\n")
    start = line[: line.upper().rfind(b"SIP/")]
    message = parse(start + b"SIP/2.0\r" + newline + rest)
    return b"" if isinstance(message, Rejected) else answer(message, 505, "", source)


def late(data: bytes, source: Source | None = None, *, refuse: bool = False, retry_after: int = 1) -> bytes:
    """The answer to a request that waited too long to be judged: INVITE is routed on, or refused with 503."""
    message = parse(data)
    if isinstance(message, Rejected):
        return b""
    if message.method != "INVITE":
        return without_judging(message, source) or b""
    return unavailable(message, source, retry_after) if refuse else no_opinion(message, source)


def reply_port(response: bytes, source: Source) -> int:
    """The port that a response over UDP goes to, at the address that its request came from.

    The sender's own where it asked for that (rport, RFC 3581), else the one that Via names, else 5060
    (RFC 3261 section 18.2.2). `maddr` is not followed: it would let anyone send our answers to anyone.
    """
    via = _TOP_VIA.search(response)
    if via is None:
        return source[1]
    filled = _FILLED.search(via[2])
    if filled is not None and int(filled[1]) == source[1]:
        return source[1]
    port = int(via[1]) if via[1] else 5060
    return port if 0 < port < 65536 else source[1]


def _as_received(message: Message) -> Message:
    """The same message, with octets that are not UTF-8 kept so that they can be given back."""
    if message.head.isascii():
        return message
    whole = parse(message.head + b"\r\n\r\n", "surrogateescape")
    return message if isinstance(whole, Rejected) else whole


def _top_via(line: str, source: Source) -> str:
    """A Via line whose first value says where it came from (RFC 3261 section 18.2.1, RFC 3581 section 4)."""
    via = split_values(line)[0] if "," in line else line
    if not line.startswith(via):
        return line
    rest = line[len(via) :]
    host, port = source[0].partition("%")[0], source[1]
    if "received" in via.lower():  # nobody but us says where a request came from
        via = _RECEIVED.sub("", via)
    wanted = _RPORT.search(via)
    if wanted is not None:
        via = f"{via[: wanted.start()]};rport={port}{via[wanted.end() :]}"
    elif _names(via, host):
        return via + rest
    return f"{via};received={host}{rest}"


def _names(via: str, host: str) -> bool:
    """Whether the sent-by of a Via is this address."""
    match = _SENT_BY.match(via)
    if match is None:
        return False
    name = match[1]
    return name == host or (name[0] == "[" and len(name) < 48 and _ipv6(name[1:-1]) == host)


@functools.lru_cache(maxsize=1024)
def _ipv6(text: str) -> str:
    try:
        return str(ipaddress.IPv6Address(text))
    except ValueError:
        return ""


def _capabilities(extensions: Extensions) -> Headers:
    """RFC 3261 section 11.2."""
    return (
        ("Allow", ALLOW),
        ("Accept", "application/sdp"),
        ("Accept-Encoding", "identity"),
        ("Accept-Language", "en"),
        ("Supported", ", ".join(extensions.supported)),
    )


def _unknown(message: Message, extensions: Extensions) -> list[str]:
    """The options that a request requires and we do not know, each once."""
    known = {tag.lower() for tag in extensions.supported}
    required = [tag for line in message.all("require") for tag in split_values(line) if tag]
    return [tag for tag in dict.fromkeys(required) if tag.lower() not in known]
