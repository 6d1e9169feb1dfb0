"""Rich call data: the name, card and reason that a caller shows (RFC 9795).

A name that nobody vouches for is the fraudster's best tool. So nothing is shown of a call whose number was
not verified, nothing whose octets are not those that were signed, and no number but the one that was proved.

The text of RFC 9795 was not at hand: claims, pointers and digests are as public sources and the drafts before
it say. Not checked against the text: that digests are in base64 with or without padding (both are taken);
that the digest of a `jcl` is over the octets at its address, or over their canonical JSON (both are taken);
that one digest which does not match rules out all of it. RFC 7095 (jCard) is at hand.
"""

from __future__ import annotations

import unicodedata
from collections.abc import Callable, Mapping, Sequence
from typing import Any

import msgspec

from ringfence.model.rejected import Rejected
from ringfence.model.verification import Verdict, Verification
from ringfence.verify.constraints import ClaimConstraints
from ringfence.verify.rcd_integrity import (
    ALGORITHMS,
    canonical,
    digest,
    digests_fault,
    integrity_fault,
    is_https,
    jcard_at,
    jcard_fault,
    resolve,
    url_of,
)

#: Characters of a name and of a reason. Longer ones are made for deceiving, not for a display.
LONGEST_NAME = 128
LONGEST_REASON = 160
_NUMBER = frozenset("0123456789*#")
#: Properties of a jCard that show or play what is at an address.
_MEDIA = ("logo", "photo", "sound")
_HIDES = "has characters that hide or reorder others"
#: Text that reorders what stands beside it.
_BIDI = frozenset("\u200e\u200f\u061c\u202a\u202b\u202c\u202d\u202e\u2066\u2067\u2068\u2069")


class Card(msgspec.Struct, frozen=True):
    """What may be shown of a call. name: who calls. reason: why (crn). icon: the address of an image whose
    octets were checked, or None. number: another number to show (apn), of which the signer has proved that it
    holds it. jcard: RFC 7095. withheld: what else was in the token, and why it is not here."""

    name: str = ""
    reason: str = ""
    icon: str | None = None
    number: str = ""
    jcard: list[Any] | None = None
    withheld: tuple[str, ...] = ()


def rich_fault(claims: Mapping[str, Any]) -> str | None:
    """Why rcd, rcdi and crn are not what RFC 9795 has them be, in words; None where they are, or are not
    there."""
    rcd, rcdi, crn = claims.get("rcd"), claims.get("rcdi"), claims.get("crn")
    if crn is not None and (fault := _text_fault(crn, LONGEST_REASON)):
        return f"crn {fault}"
    if rcd is None:
        return None if rcdi is None else "rcdi without rcd"
    if not isinstance(rcd, Mapping):
        return "rcd is no object"
    if fault := _text_fault(rcd.get("nam"), LONGEST_NAME):
        return f"nam {fault}"
    apn = rcd.get("apn")
    if apn is not None and not (isinstance(apn, str) and 1 <= len(apn) <= 32 and _NUMBER.issuperset(apn)):
        return "apn is no number of digits, # and *"
    if "jcd" in rcd and "jcl" in rcd:
        return "jcd and jcl exclude each other"
    for name in ("icn", "jcl"):
        if name in rcd and not is_https(rcd[name]):
            return f"{name} is no https address"
    if "jcd" in rcd and (fault := jcard_fault(rcd["jcd"])):
        return f"jcd {fault}"
    return digests_fault(rcdi)


def shown(
    verification: Verification,
    contents: Mapping[str, bytes] | None = None,
    *,
    constraints: Sequence[ClaimConstraints] = (),
    holds: Callable[[str], bool] | None = None,
    need_digest: bool = True,
) -> Card | Rejected | None:
    """What may be shown of a call; None where that is nothing: its number was not verified, or its signer
    brought no rich call data. Rejected (bad_syntax, constraint_violated, bad_digest): it did, and none of it
    is to be believed.

    contents: octets by address, as far as they could be had. constraints: those of the signer's
    certificates. holds: whether the signer's certificate covers a number; without it no apn is shown.
    need_digest: an image or card at an address is shown only under a digest, or it could be changed later."""
    rich, held = verification.rich, contents or {}
    if verification.verdict is not Verdict.VALID or not rich:
        return None
    by_type = any(p.verdict is Verdict.VALID and p.ppt == "rcd" for p in verification.passports)
    if verification.attestation in ("B", "C") and not by_type:
        return None  # whoever does not vouch for the number does not vouch for the name
    if fault := rich_fault(rich):
        return Rejected("bad_syntax", 438, fault)
    if fault := _constraint_fault(rich, constraints):
        return Rejected("constraint_violated", 438, fault)
    if fault := integrity_fault(rich, held):
        return Rejected("bad_digest", 438, fault)
    bound = any("rcdi" in (*c.must_include, *c.permitted) for c in constraints)
    return _card(rich, held, holds, need_digest or bound)


def _card(
    rich: Mapping[str, Any],
    held: Mapping[str, bytes],
    holds: Callable[[str], bool] | None,
    need_digest: bool,
) -> Card:
    rcd, rcdi = rich.get("rcd") or {}, rich.get("rcdi") or {}
    withheld: list[str] = []
    icon, number, jcard = rcd.get("icn"), rcd.get("apn", ""), rcd.get("jcd")
    if icon is not None and (why := _unproved("/icn", icon, rcdi, held, need_digest)):
        withheld.append(f"icn: {why}")
        icon = None
    if number and not (holds is not None and holds(number)):
        withheld.append("apn: the signer has not proved that it holds this number")
        number = ""
    if (url := rcd.get("jcl")) is not None:
        if why := _unproved("/jcl", url, rcdi, held, need_digest):
            withheld.append(f"jcl: {why}")
        elif (card := jcard_at(url, held)) is None:
            withheld.append("jcl: there is no jCard at its address")
        else:
            jcard = card
    if jcard is not None:
        root = "/jcd" if "jcd" in rcd else "/jcl"
        kept = []
        for position, entry in enumerate(jcard[1]):
            why = ""
            if entry[0].lower() in _MEDIA:
                why = _unproved(f"{root}/1/{position}/3", entry[3], rcdi, held, need_digest)
            if entry[0].lower() == "tel":
                why = "a number that the signer has not proved to hold"
                if holds is not None and holds(_digits(entry[3])):
                    why = ""
            if why:
                withheld.append(f"{entry[0]:.20}: {why}")
            else:
                kept.append(entry)
        jcard = ["vcard", kept]
    return Card(rcd.get("nam", ""), rich.get("crn") or "", icon, number, jcard, tuple(withheld))


def build_rich(
    *,
    nam: str | None = None,
    apn: str = "",
    icn: str = "",
    jcd: list[Any] | None = None,
    jcl: str = "",
    crn: str = "",
    contents: Mapping[str, bytes] | None = None,
    algorithm: str = "sha256",
) -> dict[str, Any] | Rejected:
    """The claims rcd, rcdi and crn to sign. contents: the octets at the addresses that are named, of which
    digests are made; without them the token has none, and careful verifiers show no image. Rejected: reason
    bad_syntax."""
    if algorithm not in ALGORITHMS:
        return Rejected("bad_syntax", None, f"digest {algorithm:.20}: one of {', '.join(ALGORITHMS)}")
    values = {"apn": apn.removeprefix("+"), "icn": icn, "jcd": jcd, "jcl": jcl}
    rich: dict[str, Any] = {"crn": crn} if crn else {}
    if nam is not None or any(values.values()):
        rich["rcd"] = {"nam": nam} | {name: value for name, value in values.items() if value}
    if not rich:
        return Rejected("bad_syntax", None, "rich call data needs a name, or a reason")
    if fault := rich_fault(rich):
        return Rejected("bad_syntax", None, fault)
    held, rcd = contents or {}, rich.get("rcd") or {}
    pointers = [f"/{name}" for name in ("icn", "jcd", "jcl") if name in rcd]
    card = rcd.get("jcd") or (jcard_at(jcl, held) if jcl else None)
    if jcl in held and card is None:
        return Rejected("bad_syntax", None, "jcl: what is at its address is no jCard")
    for position, entry in enumerate(card[1] if card else ()):
        if entry[2] == "uri" and is_https(entry[3]) and entry[3] in held:
            pointers.append(f"{'/jcd' if jcd else '/jcl'}/1/{position}/3")
    digests: dict[str, str] = {}
    for pointer in pointers if held else ():
        url = url_of(rcd, pointer, held)
        if url is None:
            digests[pointer] = digest(canonical(resolve(rcd, pointer, held)[1]) or b"", algorithm)
        elif url in held:
            digests[pointer] = digest(held[url], algorithm)
    return rich | ({"rcdi": digests} if digests else {})


def _constraint_fault(rich: Mapping[str, Any], constraints: Sequence[ClaimConstraints]) -> str | None:
    """What of the rich claims alone a certificate rules out; the rest of the token is the verifier's."""
    for limit in constraints:
        ours = ClaimConstraints(
            tuple(n for n in limit.must_include if n in ("rcd", "rcdi", "crn")),
            {n: v for n, v in limit.permitted.items() if n in ("rcd", "rcdi", "crn")},
            tuple(n for n in limit.must_exclude if n in ("rcd", "rcdi", "crn")),
        )
        if fault := ours.violation({"iat": 0, "orig": {}, "dest": {}} | dict(rich)):
            return fault
    return None


def _unproved(
    pointer: str, url: Any, rcdi: Mapping[str, str], held: Mapping[str, bytes], need_digest: bool
) -> str:
    if not is_https(url):
        return "no https address"
    if pointer in rcdi:
        return "" if url in held else "what is at its address could not be had"
    return "no digest says what is at its address" if need_digest else ""


def _text_fault(text: Any, longest: int) -> str | None:
    if not isinstance(text, str) or not text.strip():
        return "is no text"
    if len(text) > longest:
        return f"has {len(text)} characters, over {longest}"
    if text.isascii():
        return None if text.isprintable() else _HIDES
    if any(c in _BIDI or unicodedata.category(c) in ("Cc", "Cs", "Co", "Zl", "Zp") for c in text):
        return _HIDES
    return None


def _digits(value: Any) -> str:
    text = str(value).partition(":")[2] if ":" in str(value) else str(value)
    return "".join(c for c in text.partition(";")[0] if c in _NUMBER)
