"""Whether a parsed message is one that RFC 3261 allows: the strict half of reading SIP."""

from __future__ import annotations

import re

from ringfence.model.rejected import Rejected
from ringfence.sip.headers import TOKEN, parse_address, parse_cseq, parse_via, split_values
from ringfence.sip.message import Message
from ringfence.sip.uri import parse_uri

_REQUEST_LINE = re.compile(rf"{TOKEN} [^\s<>]+ SIP/2\.0", re.IGNORECASE)
_STATUS_LINE = re.compile(r"SIP/2\.0 \d{3} .*", re.DOTALL)
_DATE = re.compile(
    r"(?:Mon|Tue|Wed|Thu|Fri|Sat|Sun), \d\d (?:Jan|Feb|Mar|Apr|May|Jun|Jul|Aug|Sep|Oct|Nov|Dec) \d{4}"
    r" \d\d:\d\d:\d\d GMT"
)
_NAME = re.compile(TOKEN)
_ONCE = (
    "from", "to", "call-id", "cseq", "max-forwards", "content-length", "content-type", "date", "expires",
)  # fmt: skip
_REQUIRED = ("via", "from", "to", "call-id", "cseq")


def check(message: Message) -> Rejected | None:
    """The first thing that is wrong with a message, or None.

    Reasons: bad_request_line, bad_request_uri, bad_header, missing_header, duplicate_header, bad_call_id,
    bad_cseq, cseq_mismatch, bad_via, bad_branch, bad_address, bad_max_forwards, bad_content_length,
    truncated_body, bad_date. status is 400 for a request and None for a response, which is not answered
    but dropped. What the application must judge (unknown schemes, extensions, media types) is not looked at.
    """
    for rule in (_start_line, _fields, _numbers, _vias, _addresses, _body):
        fault = rule(message)
        if fault is not None:
            reason, detail = fault
            return Rejected(reason, None if message.status else 400, detail)
    return None


Fault = tuple[str, str]


def _start_line(message: Message) -> Fault | None:
    if message.status:
        return None if _STATUS_LINE.fullmatch(message.start_line) else ("bad_status_line", message.start_line)
    uri = parse_uri(message.uri)
    if uri is None or uri.headers:  # section 19.1.1: no headers in a Request-URI
        return "bad_request_uri", f"Request-URI {message.uri[:80]!r}"
    if not _REQUEST_LINE.fullmatch(message.start_line):
        return "bad_request_line", f"request line {message.start_line[:80]!r}"
    return None


def _fields(message: Message) -> Fault | None:
    if message.malformed:
        return "bad_header", f"line {message.malformed[0][:80]!r} has no header name"
    for name, _ in message.headers:
        if not _NAME.fullmatch(name):
            return "bad_header", f"header name {name[:80]!r}"
    for name in _REQUIRED:
        if message.get(name) is None:
            return "missing_header", name
    for name in _ONCE:
        if len(message.all(name)) > 1:
            return "duplicate_header", name
    if not message.get("call-id"):
        return "bad_call_id", "Call-ID is empty"
    return None


def _numbers(message: Message) -> Fault | None:
    cseq = parse_cseq(message.get("cseq") or "")
    if cseq is None:
        return "bad_cseq", f"CSeq {message.get('cseq')!r}"
    if message.method and cseq[1] != message.method:
        return "cseq_mismatch", f"CSeq names {cseq[1]!r}, the request is {message.method!r}"
    hops = message.get("max-forwards")
    if hops is not None and not (hops.isdecimal() and len(hops) < 9 and int(hops) <= 255):
        return "bad_max_forwards", f"Max-Forwards {hops[:40]!r}"
    length = message.get("content-length")
    if length is not None and not (length.isascii() and length.isdecimal() and len(length) < 11):
        return "bad_content_length", f"Content-Length {length[:40]!r}"
    return None


def _vias(message: Message) -> Fault | None:
    for line in message.all("via"):
        for value in split_values(line):
            via = parse_via(value)
            if via is None:
                return "bad_via", f"Via {value[:80]!r}"
            if via.branch == "z9hG4bK":  # section 8.1.1.7: the cookie alone is no identifier
                return "bad_branch", "the branch is the magic cookie and nothing else"
    return None


def _addresses(message: Message) -> Fault | None:
    for name in ("from", "to", "contact"):
        for line in message.all(name):
            if name == "contact" and line == "*":
                continue
            values = split_values(line) if name == "contact" else [line]
            for value in values:
                address = parse_address(value)
                if address is None or parse_uri(address.uri) is None:
                    return "bad_address", f"{name} {value[:80]!r}"
    return None


def _body(message: Message) -> Fault | None:
    if not message.complete:
        return "truncated_body", "Content-Length announces more than there is"
    date = message.get("date")
    if date is not None and not _DATE.fullmatch(date):
        return "bad_date", f"Date {date[:40]!r}"
    return None
