"""What the signals are called and need, for a reader: the stable names stay in the files.

A signal has a `label` (a few words for a list), a `meaning` (what it says of the source), and where it stood
aside the option or column that would give it a voice.
"""

from __future__ import annotations

import re
from collections.abc import Iterable

from ringfence.console import display

_SAID = {
    "protected_identity": ("Number that never calls", "Presents a number that its owner never calls from"),
    "undeclared": ("Not a call of the owner's", "The number's owner says that it made no such call"),
    "many_owners": ("Several owners' numbers", "One source presents numbers of several unrelated owners"),
    "rare_fingerprint": (
        "Rare phone or software",
        "Uses a rare phone or software, seen by its call set-up, under changing numbers",
    ),
    "owner_switch": (
        "Same person under another name",
        "Calls the same person again as somebody else within two days",
    ),
    "foreign_ingress": (
        "National number from abroad",
        "A national number arrives from abroad without proof of roaming",
    ),
    "identity_churn": ("Many changing numbers", "Shows many numbers that do not belong together"),
    "long_tail": ("Short calls and some very long", "Has many short calls and some very long ones"),
    "owner_callback": (
        "Called person rang the bank",
        "The called person then rang the bank or the line for reporting fraud",
    ),
    "never_originates": (
        "Number that others only ring",
        "Presents a number that many ring and that otherwise never calls",
    ),
    "redial_chain": ("Quick redials", "Calls the same person again at once, or with the number withheld"),
    "over_capacity": (
        "Number in two calls at once",
        "Presents a number that is in a call on another trunk at the same time",
    ),
    "weak_attestation": (
        "Signature weak or failed",
        "The call's signature failed, or says little about the caller",
    ),
    "human_pacing": ("Down a list one by one", "Works through a list of numbers, one call at a time"),
    "near_report": ("Close to a complaint", "Calls are close to complaints or police reports"),
    "sim_farm": ("SIM farm", "Many SIM cards in one place that call out and are hardly called"),
}

#: What gives a missing field, by its name in the call record or among the files of a hunt.
_GIVES = {
    "declared": "the owners' log of declared calls: ringfence hunt --declared FILE",
    "reports": "complaints or police reports: ringfence hunt --reports FILE",
    "register": "a register of protected numbers that fits the records: --numbers FILE",
    "caller": "presented numbers in the records (column caller)",
    "ingress": "whether a call came from abroad (column ingress)",
    "end_time": "when calls ended (column end_time)",
    "trunk": "the trunk of each call (column trunk)",
    "fingerprint": "the shape of the call set-up (column fingerprint, which captures bring)",
    "imei_tac": "the caller's type of telephone (column imei_tac)",
    "cell": "the caller's cell (column cell)",
    "attestation": "the attestation of signed calls (column attestation)",
    "verstat": "the result of checking signatures (column verstat)",
    "origid": "the origin named in signatures (column origid)",
}

_NEEDS = re.compile(r"needs ([a-z_]+(?:(?:, | or )[a-z_]+)*)")


def known(name: str) -> bool:
    """Whether there is such a signal."""
    return name in _SAID


def label(name: str) -> str:
    """A signal in a few words: `Several owners' numbers`; an unknown one shows its name in words."""
    return _SAID[name][0] if name in _SAID else _in_words(name)


def meaning(name: str) -> str:
    """What a signal says of the source, as a sentence without its stop."""
    return _SAID[name][1] if name in _SAID else _in_words(name)


def labels(names: Iterable[str] | None) -> list[str]:
    """Labels of a row's signals, each once. A pair that counted together (`a+b`) is its two signals."""
    single = (part for name in names or () for part in name.split("+"))
    return list(dict.fromkeys(label(name) for name in single))


def line(names: Iterable[str] | None) -> str:
    """The labels as one sentence: `Several owners' numbers, SIM farm, quick redials.`; empty without any."""
    first, *rest = labels(names) or [""]
    # an abbreviation keeps its capitals
    lower = (text if text[1:2].isupper() else text[:1].lower() + text[1:] for text in rest)
    return ", ".join([first, *lower]) + "." if first else ""


def what_is_missing(why: str) -> str:
    """Why a signal stood aside, with the option or column that gives what it needs.

    A hunt says `needs FIELD, FIELD or FIELD`; any other reason is left as it is.
    """
    if not (found := _NEEDS.fullmatch(why.strip())):
        return why
    wanted = [
        " or ".join(_GIVES.get(field, _in_words(field).lower()) for field in part.split(" or "))
        for part in found[1].split(", ")
    ]
    return "needs " + "; and ".join(wanted)


def _in_words(name: str) -> str:
    return display.clean(name.replace("_", " ").capitalize(), 60)
