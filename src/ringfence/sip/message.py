"""SIP messages without I/O (RFC 3261 section 7): bytes in, a `Message` or a `Rejected` out.

`parse` is as forgiving as a hunter must be, who reads what networks really carry; `validation.check` is as
strict as the RFC. Neither raises, whatever the bytes.
"""

from __future__ import annotations

import re

from ringfence.model.rejected import Rejected
from ringfence.sip.headers import COMPACT_FORMS

MAX_HEAD = 65_536  # bytes of start line and headers
MAX_BODY = 1 << 20  # bytes announced in a stream

_CONTENT_LENGTH = re.compile(rb"\n(?:content-length|l)[ \t]*:[ \t]*(\d{1,10})[ \t]*\r?\n", re.IGNORECASE)
_FOLD = re.compile(r"\r?\n[ \t]+")
_LINE_END = re.compile(r"\r\n|\n|\r")
_START = re.compile(rb"(?:SIP/\d|[A-Za-z0-9\-.!%*_+`'~]{1,40} [^\r\n]{1,2000} SIP/\d)")
_CANONICAL: dict[str, str] = {}


class Message:
    """One SIP message.

    method and uri are empty in a response, status is 0 in a request. headers: names as written (case,
    compact form) and unfolded values, in order. malformed: lines that are no header. complete: False if
    Content-Length announces more than there is. head: start line and headers as they were received.
    """

    __slots__ = (
        "_values",
        "body",
        "complete",
        "head",
        "headers",
        "malformed",
        "method",
        "reason",
        "start_line",
        "status",
        "uri",
    )

    def __init__(self, start_line: str, method: str, uri: str, status: int, reason: str) -> None:
        self.start_line = start_line
        self.method = method
        self.uri = uri
        self.status = status
        self.reason = reason
        self.headers: list[tuple[str, str]] = []
        self.malformed: list[str] = []
        self.head = b""
        self.body = b""
        self.complete = True
        self._values: dict[str, list[str]] = {}

    def get(self, name: str) -> str | None:
        """The first value of a header field by its long name in lower case; None if absent."""
        values = self._values.get(name)
        return values[0] if values else None

    def all(self, name: str) -> list[str]:
        """All values of a header field, one per line of the message, lists not split."""
        return self._values.get(name, [])


def looks_like_sip(data: bytes) -> bool:
    """Whether bytes begin like a SIP message, whatever the port they came on."""
    return (data[:1].isalpha() or data[:1] in b"!%*_+`'~") and _START.match(data) is not None


def message_length(data: bytes) -> int | None:
    """Bytes of the first message in a stream (RFC 3261 section 18.3), None if more must come.

    A missing Content-Length counts as 0; a head longer than MAX_HEAD or a body longer than MAX_BODY gives
    -1: the stream cannot be followed.
    """
    end = data.find(b"\r\n\r\n", 0, MAX_HEAD)
    if end < 0:
        return None if len(data) < MAX_HEAD else -1
    announced = _CONTENT_LENGTH.search(data, 0, end + 2)
    length = int(announced[1]) if announced else 0
    if length > MAX_BODY:
        return -1
    return end + 4 + length if end + 4 + length <= len(data) else None


def parse(data: bytes, errors: str = "replace") -> Message | Rejected:
    """One datagram, or one framed piece of a stream, as a message. errors: what is made of bytes that are not
    UTF-8; surrogateescape keeps them, for who must give them back.

    Reasons: empty, truncated_head, head_too_long, bad_start_line, unsupported_version (505),
    bad_status_code. Bytes after the announced body are ignored.
    """
    end = data.find(b"\r\n\r\n")
    if end >= 0:
        head, body = data[:end], data[end + 4 :]
    else:
        end = data.find(b"\n\n")
        if end < 0:
            return Rejected(
                "truncated_head" if data.strip() else "empty", 400, "no blank line ends the headers"
            )
        head, body = data[:end], data[end + 2 :]
    if len(head) > MAX_HEAD:
        return Rejected("head_too_long", 513, f"more than {MAX_HEAD} bytes of headers")
    text = head.decode("utf-8", errors)
    if "\n " in text or "\n\t" in text:
        text = _FOLD.sub(" ", text)
    lines = text.split("\r\n")
    if text.count("\n") != len(lines) - 1:  # bare line feeds: seen in the wild, so read them
        lines = _LINE_END.split(text)
    message = _start(lines[0])
    if isinstance(message, Rejected):
        return message
    message.head = head
    headers, values = message.headers, message._values
    for line in lines[1:]:
        name, colon, value = line.partition(":")
        if not colon or not name or name[0] in " \t":
            message.malformed.append(line)
            continue
        if name[-1] in " \t":
            name = name.rstrip()
        value = value.strip()
        headers.append((name, value))
        key = _CANONICAL.get(name)
        if key is None:
            key = _canonical(name)
        if key in values:
            values[key].append(value)
        else:
            values[key] = [value]
    length = values.get("content-length")
    if length is not None and length[0].isdecimal() and len(length[0]) < 11:
        announced = int(length[0])
        message.complete = announced <= len(body)
        body = body[:announced]
    message.body = body
    return message


def _canonical(name: str) -> str:
    key = name.lower()
    key = COMPACT_FORMS.get(key, key)
    if len(_CANONICAL) < 4096:  # the names that stacks use, not what an attacker invents
        _CANONICAL[name] = key
    return key


def _start(line: str) -> Message | Rejected:
    if line[:8] == "SIP/2.0 ":
        code, _, reason = line[8:].lstrip().partition(" ")
        if not (len(code) == 3 and code.isascii() and code.isdecimal() and "100" <= code <= "699"):
            return Rejected("bad_status_code", None, f"status {code[:20]!r} is not between 100 and 699")
        return Message(line, "", "", int(code), reason)
    method, _, rest = line.strip().partition(" ")
    uri, _, version = rest.strip().rpartition(" ")
    if version.upper() != "SIP/2.0":
        if version[:4].upper() == "SIP/" and uri:
            return Rejected("unsupported_version", 505, f"version {version[:20]!r}")
        is_response = line[:4].upper() == "SIP/"
        return Rejected("bad_start_line", None if is_response else 400, f"start line {line[:80]!r}")
    if not method or not uri:
        return Rejected("bad_start_line", 400, f"start line {line[:80]!r}")
    return Message(line, method, uri.strip(), 0, "")
