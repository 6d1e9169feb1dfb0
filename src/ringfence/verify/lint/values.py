"""What extensions hold: CRL distribution points, TN authorization lists, claim constraints, general names."""

from __future__ import annotations

from typing import NamedTuple

from ringfence.verify.lint import der

#: GeneralName ::= CHOICE (RFC 5280 section 4.2.1.6), by tag number.
GENERAL_NAMES = (
    "other name",
    "e-mail address",
    "DNS name",
    "X.400 address",
    "directory name",
    "EDI party name",
    "URI",
    "IP address",
    "registered ID",
)


class GeneralName(NamedTuple):
    """A name of any form: which (a place in GENERAL_NAMES), and its octets."""

    form: int
    content: bytes


class CrlPoint(NamedTuple):
    """A distribution point: the names of its full name, which of its three fields it has, its cRLIssuer."""

    names: tuple[GeneralName, ...]
    fields: tuple[int, ...]  # 0 distributionPoint, 1 reasons, 2 cRLIssuer
    issuer: tuple[GeneralName, ...]

    @property
    def urls(self) -> list[str]:
        """The URIs of the full name."""
        return [name.content.decode("ascii", "replace") for name in self.names if name.form == 6]


class TnEntry(NamedTuple):
    """An entry of a TN authorization list: spc, range, one or unknown; what it says; what is wrong."""

    kind: str
    text: str | None
    fault: str | None


class Constraints(NamedTuple):
    """Claim constraints by name: lists of claims, and values for claims."""

    must_include: tuple[str, ...] = ()
    permitted: tuple[tuple[str, tuple[str, ...]], ...] = ()
    must_exclude: tuple[str, ...] = ()


def general_names(content: bytes) -> tuple[GeneralName, ...] | None:
    """The names that the content of a GeneralNames holds."""
    found = der.elements(content)
    if found is None or any(e.tag & 0xC0 != 0x80 or e.tag & 0x1F >= len(GENERAL_NAMES) for e in found):
        return None
    return tuple(GeneralName(e.tag & 0x1F, e.content) for e in found)


def crl_points(value: bytes) -> tuple[CrlPoint, ...] | None:
    """The entries of a CRL distribution points extension (RFC 5280 section 4.2.1.13)."""
    found = []
    for entry in der.parts(value) or (None,):
        fields = der.elements(entry.content) if entry and entry.tag == der.SEQUENCE else None
        if fields is None or any(e.tag & 0xC0 != 0x80 or e.tag & 0x1F > 2 for e in fields):
            return None
        names: tuple[GeneralName, ...] | None = ()
        issuer: tuple[GeneralName, ...] | None = ()
        for field in fields:
            if field.tag == der.context(0):
                full = der.sole(field.content, der.context(0))  # [1] is a name relative to the CRL's issuer
                names = general_names(full.content) if full else ()
            elif field.tag == der.context(2):
                issuer = general_names(field.content)
        if names is None or issuer is None:
            return None
        found.append(CrlPoint(names, tuple(e.tag & 0x1F for e in fields), issuer))
    return tuple(found)


def tn_entries(value: bytes) -> tuple[TnEntry, ...] | None:
    """The entries of a TN authorization list (RFC 8226 section 9), each with what is wrong with it."""
    entries = der.parts(value)
    if entries is None:
        return None
    readers = {der.context(0): _spc, der.context(1): _range, der.context(2): _one}
    return tuple(
        readers[e.tag](e.content) if e.tag in readers else TnEntry("unknown", None, _untagged(e))
        for e in entries
    )


def _untagged(entry: der.Element) -> str:
    if entry.tag & 0xC0:
        return f"has a tag [{entry.tag & 0x1F}] of no kind of entry"
    return "has no tag that says whether it is an SPC, a range or a number"


def _spc(content: bytes) -> TnEntry:
    read = der.first(content)
    code = der.text(read[0].tag, read[0].content) if read and not read[1] else None
    fault = None
    if read is None or code is None:
        fault = "is no explicitly tagged IA5String"
    elif read[0].tag != der.IA5_STRING:
        fault = "is not written as IA5String"
    elif not code:
        fault = "is empty"
    return TnEntry("spc", code, fault)


def _one(content: bytes) -> TnEntry:
    number, fault = _number(der.sole(content, der.IA5_STRING))
    return TnEntry("one", number, fault)


def _range(content: bytes) -> TnEntry:
    fields = der.parts(content)
    if not fields or len(fields) < 2 or fields[1].tag != der.INTEGER:
        return TnEntry("range", None, "is no SEQUENCE of a start and a count")
    start, fault = _number(fields[0] if fields[0].tag == der.IA5_STRING else None)
    count = der.integer(fields[1].content)
    if fault is not None or start is None:
        return TnEntry("range", start, fault)
    shown = f"{start} and on"
    if count is None or count < 2:
        fault = "counts fewer than 2 numbers"
    elif not start.isdigit():
        fault = "starts with a number that has * or #, after which nothing can be counted"
    elif int(start) + count >= 10 ** len(start):  # the letter of section 9, which 10 and 89 more breaks too
        fault = "counts up to a number of more digits"
    else:
        shown = f"{start} and {count - 1} more"
    return TnEntry("range", shown, fault)


def _number(element: der.Element | None) -> tuple[str | None, str | None]:
    """A TelephoneNumber: IA5String (SIZE (1..15)) (FROM ("0123456789#*"))."""
    number = der.text(element.tag, element.content) if element else None
    if number is None:
        return None, "is no IA5String"
    if not 1 <= len(number) <= 15:
        return number[:30], f"has {len(number)} characters, not 1 to 15"
    if set(number) - set("0123456789#*"):
        return number, "has other characters than digits, * and #"
    return number, None


def claim_constraints(value: bytes, *, enhanced: bool) -> Constraints | str:
    """Claim constraints (RFC 8226 section 8; enhanced: RFC 9118 section 3); the text says what is wrong."""
    fields = der.parts(value)
    if fields is None:
        return "no SEQUENCE"
    if not fields:
        return "it constrains nothing"
    found: dict[int, tuple[der.Element, ...]] = {}
    for field in fields:
        number = field.tag & 0x1F
        entries = der.parts(field.content)  # EXPLICIT TAGS: a SEQUENCE inside the tag
        if field.tag & 0xE0 != 0xA0 or number > (2 if enhanced else 1) or any(number <= n for n in found):
            return f"field [{number}] is none of its own, or out of place"
        if not entries:
            return f"field [{number}] is no list, or empty"
        found[number] = entries
    names = [_claims(found.get(number, ())) for number in (0, 2)]
    permitted = _permitted(found.get(1, ()))
    if names[0] is None or names[1] is None or permitted is None:
        return "a claim's name is no IA5String, or its values are no list of UTF8String"
    return Constraints(names[0], permitted, names[1])


def _claims(entries: tuple[der.Element, ...]) -> tuple[str, ...] | None:
    read = [der.text(e.tag, e.content) if e.tag == der.IA5_STRING else None for e in entries]
    return None if None in read else tuple(name for name in read if name is not None)


def _permitted(entries: tuple[der.Element, ...]) -> tuple[tuple[str, tuple[str, ...]], ...] | None:
    found = []
    for entry in entries:
        pair = der.elements(entry.content) if entry.tag == der.SEQUENCE else None
        claim = _claims(pair[:1]) if pair and len(pair) == 2 else None
        values = der.elements(pair[1].content) if pair and claim and pair[1].tag == der.SEQUENCE else None
        read = [
            der.text(e.tag, e.content) if e.tag == der.UTF8_STRING else None
            for e in values or (pair or ())[:1]
        ]
        if claim is None or None in read:
            return None
        found.append((claim[0], tuple(value for value in read if value is not None)))
    return tuple(found)


def accesses(value: bytes) -> tuple[tuple[str, GeneralName], ...] | None:
    """The methods and locations of an information access extension (RFC 5280 section 4.2.2)."""
    found = []
    for entry in der.parts(value) or ():
        pair = der.elements(entry.content) if entry.tag == der.SEQUENCE else None
        method = der.oid(pair[0].content) if pair and len(pair) == 2 and pair[0].tag == der.OID else None
        if pair is None or method is None or pair[1].tag & 0xC0 != 0x80:
            return None
        found.append((method, GeneralName(pair[1].tag & 0x1F, pair[1].content)))
    return tuple(found) or None
