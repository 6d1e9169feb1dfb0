"""Whether a token was made for this call: canonical identities, and chains of diversions.

Numbers are canonical as RFC 8224 section 8.3 has it (digits, # and *, with country code), URIs as section
8.5: a number never holds a colon and a URI always does, so that one text stands for either.
"""

from __future__ import annotations

import functools
import re
from collections.abc import Sequence

from ringfence.model.call import Call
from ringfence.model.passport import Claims, Parties, Party
from ringfence.numbers.reading import normalise
from ringfence.sip.uri import parse_uri

#: Digits of an E.164 number at most; some networks carry longer ones.
E164 = 15
LONGEST = 32

_PLAIN = re.compile(
    r"(?:(?:sips?|tel):)?\+([1-9][0-9]{5,14})(?:;[^@]*)?(?:@[^@]*)?", re.IGNORECASE | re.DOTALL
)
_NUMERIC = re.compile(r"[+0-9*#().\-\s]+")
_SEPARATORS = re.compile(r"[().\-\s]")  # RFC 3966 section 3: visual, and nothing else
_ANONYMOUS = frozenset({"anonymous", "restricted", "unavailable", "unknown", "coord unavailable"})
_UNRESERVED = re.compile(r"%(4[1-9A-F]|5[0-9A]|6[1-9A-F]|7[0-9A]|3[0-9]|2D|2E|5F|7E)", re.IGNORECASE)


def canonical(text: str, region: str, *, longer: bool = False) -> str:
    """The number or URI that a SIP or tel URI, or a bare number, stands for: digits without +, or a URI in
    lower case; "" for nothing, and for what is neither.

    region: how national numbers are read. longer: numbers of 16 to 32 digits are taken as they are."""
    plain = _PLAIN.fullmatch(text)
    if plain is not None and "%" not in text:
        return plain[1]
    # longer URIs than callers have would fill memory
    return (_canonical if len(text) <= 256 else _canonical.__wrapped__)(text, region, longer)


@functools.lru_cache(maxsize=4096)  # one message names the same URI several times
def _canonical(text: str, region: str, longer: bool) -> str:
    text = text.strip()
    uri = parse_uri(text)
    if uri is None:
        return _number(text, region, longer) if _NUMERIC.fullmatch(text) else ""
    user = uri.user or ""
    if uri.scheme in ("tel", "sip", "sips") and _NUMERIC.fullmatch(user):
        context = uri.param("phone-context") or ""
        if context.startswith("+") and not user.startswith("+"):
            user = context + user
        if number := _number(user, region, longer):
            return number
    if uri.scheme == "tel":
        return ""
    if uri.scheme not in ("sip", "sips"):
        return text.lower()
    host = (uri.host or "").lower()
    raw = text.partition(":")[2].rpartition("@")[0].partition(";")[0].partition(":")[0]
    return f"{uri.scheme}:{_UNRESERVED.sub(_decoded, raw).lower()}@{host}" if raw else f"{uri.scheme}:{host}"


def _decoded(match: re.Match[str]) -> str:
    return chr(int(match[1], 16))


def _number(text: str, region: str, longer: bool) -> str:
    digits = "".join(c for c in text if c in "0123456789*#")
    if longer and E164 < len(digits) <= LONGEST:
        return digits
    if "*" in digits or "#" in digits:
        return digits
    # without what could be taken for the decimals or the extension of a number in a spreadsheet
    read = normalise(_SEPARATORS.sub("", text), region)
    if read.number is not None:
        return read.number.removeprefix("+")
    # what the plan does not know is compared as it is written: a number that is none matches no other
    return digits if len(digits) <= LONGEST else ""


def anonymous(text: str) -> bool:
    """Whether a URI shows nobody (RFC 3323 section 4.1.1.3)."""
    uri = parse_uri(text.strip())
    if uri is None:
        return not text.strip()
    return (uri.user or "").lower() in _ANONYMOUS or (uri.host or "").lower().endswith("anonymous.invalid")


def party(claim: Party) -> str:
    """The canonical text of an orig or div claim; a number in a token is canonical already."""
    return claim.tn if claim.tn is not None else _claimed(claim.uri or "")


def parties(claim: Parties) -> tuple[str, ...]:
    """The canonical texts of a dest claim."""
    return claim.tn if not claim.uri else (*claim.tn, *(_claimed(uri) for uri in claim.uri))


def _claimed(uri: str) -> str:
    # numbers in uri claims stay URIs: their signer may not have been entitled to the number
    split = parse_uri(uri)
    if split is None or split.scheme not in ("sip", "sips"):
        return uri.lower()
    user = uri.partition(":")[2].rpartition("@")[0].partition(":")[0]
    return f"{split.scheme}:{_UNRESERVED.sub(_decoded, user).lower()}@{(split.host or '').lower()}"


def telephone(identity: str, region: str) -> str:
    """The digits of the telephone number that a SIP URI shows as its user (RFC 8224 section 8.1); "" for
    other users, such as the extensions of a domain, and for what is no SIP URI."""
    split = parse_uri(identity)
    if split is None or split.scheme not in ("sip", "sips") or not _NUMERIC.fullmatch(split.user or ""):
        return ""
    number = normalise(_SEPARATORS.sub("", split.user or ""), region).number
    return number[1:] if number is not None and number[0] == "+" else ""


def as_uri(text: str) -> str:
    """The canonical URI of a SIP URI even where its user is a number, for tokens that claim URIs."""
    text = text.strip()
    return _claimed(text) if parse_uri(text) is not None else ""


class Sides:
    """Who calls whom, as the call says: canonical texts.

    callers: what the call shows, the network's assertions first. target: the Request-URI; first: To. Each
    as number or URI, and as the plain URI too, for tokens that claim URIs."""

    __slots__ = ("_call", "_longer", "_region", "callers", "target")

    def __init__(self, call: Call, region: str, longer: bool) -> None:
        shown = call.asserted if call.asserted else (call.caller,)
        self.callers = [canonical(text, region, longer=longer) for text in shown]
        self.target = canonical(call.request_uri, region, longer=longer)
        self._call, self._region, self._longer = call, region, longer

    @property
    def first(self) -> str:
        return canonical(self._call.to, self._region, longer=self._longer)

    @property
    def anonymous(self) -> bool:
        """Whether the call shows nobody."""
        return not self._call.asserted and anonymous(self._call.caller)

    def calls(self, orig: str, call: Call) -> bool:
        """Whether this identity is what the call shows: of several assertions each number must be it, for who
        comes after may show any of them."""
        if ":" not in orig:
            return orig in self.callers and all(c == orig or ":" in c for c in self.callers)
        plain = [as_uri(text) for text in (call.asserted or (call.caller,))]
        found = orig in plain or orig in self.callers
        return found and all(
            c == orig or p == orig or ":" in c for c, p in zip(self.callers, plain, strict=True)
        )

    def reaches(self, dest: Sequence[str], call: Call) -> bool:
        """Whether the call goes to one of these."""
        return self.target in dest or (":" in "".join(dest) and as_uri(call.request_uri) in dest)

    def was_for(self, dest: Sequence[str], call: Call) -> bool:
        """Whether the call was first for one of these."""
        return self.first in dest or (":" in "".join(dest) and as_uri(call.to) in dest)


def other_priorities(claims: Claims, call: Call) -> str:
    """What the call asks for that an rph token does not grant; "" where there is nothing (RFC 8443 section
    4.2: its Resource-Priority; RFC 9027 section 4: its Priority, where the token has sph)."""
    granted = {value.lower() for values in (claims.rph or {}).values() for value in values}
    asked = [v for v in call.resource_priority if v.lower() not in granted]
    if asked:
        return f"the token does not grant {asked[0]:.40}"
    if claims.sph is not None and call.priority and call.priority.lower() != claims.sph.lower():
        return f"the token grants {claims.sph:.40}, the call asks for {call.priority:.40}"
    return ""


def diversions(claims: Claims, diverted: Sequence[Claims], sides: Sides, call: Call) -> list[int] | None:
    """The positions in `diverted` (claims of div tokens) of the chain that leads from a token's dest to where
    the call goes, the first diversion first (RFC 8946 section 4.2). None: there is no such chain. All of it
    has the token's orig. The shortest chain is taken; a token stands in it once."""
    orig = party(claims.orig)
    steps = [
        (i, party(div.div), parties(div.dest))
        for i, div in enumerate(diverted)
        if div.div is not None and party(div.orig) == orig
    ]
    paths: list[tuple[list[int], tuple[str, ...]]] = [([], parties(claims.dest))]
    seen: set[int] = set()
    while paths:
        longer: list[tuple[list[int], tuple[str, ...]]] = []
        for path, dest in paths:
            for i, by, to in steps:
                if i in seen or by not in dest:
                    continue
                if sides.reaches(to, call):
                    return [*path, i]
                seen.add(i)
                longer.append(([*path, i], to))
        paths = longer
    return None
