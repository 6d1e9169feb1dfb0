"""302 answers that send a call on to where it was going, with what the next hop shall write on it.

The marks ride as headers of the Contact's URI (RFC 3261 section 19.1.1), which makes it another URI than the
one asked for, as section 8.3 wants. Whoever obeys removes what came from outside, then adds these.
"""

from __future__ import annotations

import re
import unicodedata
from urllib.parse import quote

import msgspec

from ringfence.sip.answers import Source, answer
from ringfence.sip.message import Message
from ringfence.sip.uri import parse_uri

#: Characters of a display text; phones show far fewer.
LONGEST_DISPLAY = 64

_NUMBER = re.compile(r"\+?[0-9]{1,32}")
_VERSTAT = re.compile(r"[A-Za-z0-9-]{1,40}")  # TS 24.229 section 7.2A.20
_URI = re.compile(r"(?:[!#$&-;=@-~]|%[0-9A-Fa-f]{2})+")  # no <, >, ", ?; a % begins an escape
_TEL = re.compile(r"(?:[A-Za-z0-9\-_.!~*'()&=+$,;/]|%[0-9A-Fa-f]{2})+")


class Marks(msgspec.Struct, frozen=True):
    """What is written on a call that goes on.

    number: the caller as we assert it, E.164 or the digits of a short code; "" asserts none. verstat: about
    that number, without which it is not sent. display: text for the called person. withheld: no number is
    shown, and none is sent. identity: an Identity header's value (RFC 8224), "" for none.
    """

    number: str = ""
    verstat: str = ""
    display: str = ""
    withheld: bool = False
    identity: str = ""


def redirect(
    message: Message, marks: Marks, source: Source | None = None, *, target: str = "", host: str = ""
) -> bytes:
    """302 with one Contact (RFC 3261 sections 8.3 and 21.3.3).

    target: a URI to go to, such as an announcement's; "" keeps the Request-URI. host: the domain of numbers,
    "" for the address of whoever asks. 400 to a Request-URI that no Contact can carry.
    """
    host = host or _literal(source)
    contact = _contact(target or message.uri, host)
    if not contact:
        return answer(message, 400, "Bad Request: bad request uri", source)
    headers = "&".join(f"{name}={quote(value, safe='')}" for name, value in marked_headers(marks, host))
    return answer(message, 302, "", source, (("Contact", f"<{contact}{'?' + headers if headers else ''}>"),))


def marked_headers(marks: Marks, host: str) -> list[tuple[str, str]]:
    """The headers that marks stand for: P-Asserted-Identity (RFC 3325) with verstat (TS 24.229), Privacy
    (RFC 3323), Identity (RFC 8224). None where there is nothing to say."""
    return _shown(marks, host) + ([("Identity", marks.identity)] if marks.identity else [])


def _shown(marks: Marks, host: str) -> list[tuple[str, str]]:
    if marks.withheld:  # user: From is made anonymous; id: P-Asserted-Identity goes
        return [("Privacy", "user;id")]
    number = marks.number if _NUMBER.fullmatch(marks.number) else ""
    verstat = f";verstat={marks.verstat}" if _VERSTAT.fullmatch(marks.verstat) else ""
    if number.startswith("+"):
        uri = f"tel:{number}{verstat}"
    elif number:
        uri = f"sip:{number}{verstat}@{host};user=phone"
    else:
        uri = "sip:anonymous@anonymous.invalid"
    shown = display_text(marks.display)
    if not shown and not (number and verstat):
        return []
    return [("P-Asserted-Identity", f"{quoted(shown) + ' ' if shown else ''}<{uri}>")]


def display_text(text: str) -> str:
    """Text that shows as what it is: no control, formatting or direction characters, at most
    LONGEST_DISPLAY long."""
    if not text.isascii() or not text.isprintable():
        text = "".join(" " if unicodedata.category(c)[0] in "CZ" else c for c in text)
    return " ".join(text.split())[:LONGEST_DISPLAY].rstrip()


def quoted(text: str) -> str:
    """A quoted-string (RFC 3261 section 25.1) of text without control characters."""
    return '"' + text.replace("\\", "\\\\").replace('"', '\\"') + '"'


def _contact(target: str, host: str) -> str:
    """The URI as a Contact with headers can carry it; "" if it cannot. A tel: URI has no headers, so it
    becomes the sip: URI of RFC 3261 section 19.1.6."""
    uri = parse_uri(target)
    if uri is None or not _URI.fullmatch(target):
        return ""
    if uri.scheme == "tel":
        number = target[4:]
        return f"sip:{number}@{host};user=phone" if _TEL.fullmatch(number) else ""
    return target if uri.scheme in ("sip", "sips") else ""


def _literal(source: Source | None) -> str:
    if source is None:
        return "anonymous.invalid"
    address = source[0].partition("%")[0]
    return f"[{address}]" if ":" in address else address
