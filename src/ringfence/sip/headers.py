"""Header field values of SIP (RFC 3261 sections 7.3 and 25.1): lists, parameters, addresses, Via and CSeq."""

from __future__ import annotations

import functools
import re

import msgspec

from ringfence.sip.uri import Params

#: Compact forms (RFC 3261 section 20 and IANA's registry), all lower case.
COMPACT_FORMS = {
    "a": "accept-contact",
    "b": "referred-by",
    "c": "content-type",
    "d": "request-disposition",
    "e": "content-encoding",
    "f": "from",
    "i": "call-id",
    "j": "reject-contact",
    "k": "supported",
    "l": "content-length",
    "m": "contact",
    "n": "identity-info",
    "o": "event",
    "r": "refer-to",
    "s": "subject",
    "t": "to",
    "u": "allow-events",
    "v": "via",
    "x": "session-expires",
    "y": "identity",
}

TOKEN = r"[A-Za-z0-9\-.!%*_+`'~]+"
_WORDS = r"[A-Za-z0-9\-.!%*_+`'~\s]*+"
_QUOTED = r'"(?:[^"\\]|\\.)*+"'
# An unclosed quote runs to the end and `<` never skips another `<`, or hostile text costs quadratic time.
_LIST = re.compile(r'(?:"(?:[^"\\]|\\.)*+(?:"|\\?$)|<[^<>]*+>|[^,"])+', re.DOTALL)
_PARAM = re.compile(
    rf"\s*;\s*(?P<name>{TOKEN})\s*(?:=\s*(?P<value>{_QUOTED}|\[[0-9A-Fa-f:.]+\]|[^\s;,\"<>]+)\s*)?", re.DOTALL
)
_NAME_ADDR = re.compile(rf"\s*+(?:(?P<quoted>{_QUOTED})\s*|(?P<words>{_WORDS}))<(?P<uri>[^<>]*)>", re.DOTALL)
_ADDR_SPEC = re.compile(r"\s*(?P<uri>[A-Za-z][A-Za-z0-9+.\-]*:[^\s;?<>\",]+)", re.DOTALL)
_VIA = re.compile(
    rf"\s*(?P<protocol>{TOKEN})\s*/\s*(?P<version>{TOKEN})\s*/\s*(?P<transport>{TOKEN})\s+"
    r"(?P<host>\[[0-9A-Fa-f:.]+\]|[A-Za-z0-9._\-]+)\s*(?::\s*(?P<port>[0-9]{1,5}))?",
    re.DOTALL,
)
_CSEQ = re.compile(rf"([0-9]+)\s+({TOKEN})$")
_TAG = re.compile(r";\s*tag\s*=\s*([^\s;,>]+)", re.IGNORECASE)


class Address(msgspec.Struct, frozen=True):
    """A name-addr or addr-spec with its header parameters. display: unquoted, None if absent."""

    display: str | None
    uri: str
    params: Params = ()


class Via(msgspec.Struct, frozen=True):
    """One Via value. transport: as written. params: in order, names lower case."""

    transport: str
    host: str
    port: int | None
    params: Params = ()

    @property
    def branch(self) -> str | None:
        return next((value for name, value in self.params if name == "branch"), None)


def canonical_name(name: str) -> str:
    """A header name in lower case and long form."""
    lower = name.lower()
    return COMPACT_FORMS.get(lower, lower)


def split_values(text: str) -> list[str]:
    """The members of a comma-separated list; commas in quotes and angle brackets do not split."""
    if "," not in text:
        return [text]
    if '"' not in text and "<" not in text:
        return [piece.strip() for piece in text.split(",")]
    return [piece.strip() for piece in _LIST.findall(text)]


def unquoted(text: str) -> str:
    """A quoted-string's content, or the text itself."""
    if len(text) >= 2 and text[0] == text[-1] == '"':
        return re.sub(r"\\(.)", r"\1", text[1:-1], flags=re.DOTALL)
    return text


def parse_params(text: str) -> Params | None:
    """`;name=value;name` as pairs in order; None if anything else is found."""
    pairs: list[tuple[str, str | None]] = []
    position, end = 0, len(text)
    while position < end:
        match = _PARAM.match(text, position)
        if match is None:
            return None if text[position:].strip() else tuple(pairs)
        value = match["value"]
        pairs.append((match["name"].lower(), None if value is None else unquoted(value)))
        position = match.end()
    return tuple(pairs)


@functools.lru_cache(maxsize=256)
def parse_address(text: str) -> Address | None:
    """One value of From, To, Contact, P-Asserted-Identity and their like; None if it breaks the grammar.

    Without angle brackets the parameters belong to the header and `?` and `,` are not allowed
    (RFC 3261 section 20).
    """
    match = _NAME_ADDR.match(text)
    display: str | None = None
    if match is not None:
        if match["quoted"] is not None:
            display = unquoted(match["quoted"])
        elif match["words"]:
            display = match["words"].strip() or None
    else:
        match = _ADDR_SPEC.match(text)
        if match is None:
            return None
    params = parse_params(text[match.end() :]) if match.end() < len(text) else ()
    return None if params is None else Address(display, match["uri"], params)


def tag_of(value: str) -> str:
    """The tag of a From or To value; empty if there is none."""
    tail = value.rpartition(">")[2]
    if '"' in tail:  # rare: a quoted parameter may hold anything, so take the long way
        address = parse_address(value)
        return next((v or "" for n, v in address.params if n == "tag"), "") if address else ""
    if tail.startswith(";tag="):  # what nearly every stack writes
        return tail[5:].partition(";")[0].strip()
    match = _TAG.search(tail)
    return match[1] if match else ""


def parse_via(text: str) -> Via | None:
    """One Via value; None if it breaks the grammar."""
    match = _VIA.match(text)
    if match is None:
        return None
    params = parse_params(text[match.end() :])
    if params is None:
        return None
    return Via(match["transport"], match["host"], int(match["port"]) if match["port"] else None, params)


@functools.lru_cache(maxsize=4096)  # few numbers, few methods
def parse_cseq(text: str) -> tuple[int, str] | None:
    """Number and method; None if it breaks the grammar or does not fit 31 bits (RFC 3261 section 8.1.1.5)."""
    number, space, method = text.partition(" ")
    if not (space and number.isdecimal() and number.isascii() and method.isalpha()):
        match = _CSEQ.match(text)
        if match is None:
            return None
        number, method = match[1], match[2]
    if len(number) > 10 and len(number.lstrip("0")) > 10:
        return None
    value = int(number)
    return (value, method) if value < 1 << 31 else None
