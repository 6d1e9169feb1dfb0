"""INVITE shapes: what each SIP stack can't help showing, and how common each is.

A few default stacks carry most traffic; hundreds of small exchanges each show a shape nearly their own,
because somebody changed a codec list, a header or a name. A shape is its parts; its fingerprint is the
first 16 hex digits of the SHA-256 of the parts joined by a newline.
"""

from __future__ import annotations

import hashlib
from importlib import resources

import msgspec
import numpy as np


class Family(msgspec.Struct, frozen=True):
    """A SIP stack: User-Agent product ("" none), versions, and the parts of its shape in order."""

    product: str
    versions: list[str]
    parts: list[str]


FAMILIES: dict[str, Family] = msgspec.toml.decode(
    resources.files("ringfence.simulate").joinpath("stacks.toml").read_bytes(), type=dict[str, Family]
)

#: How often each family stands behind a private exchange.
EXCHANGES = {
    "asterisk": 0.25,
    "pjsip": 0.2,
    "freeswitch": 0.11,
    "three_cx": 0.15,
    "cucm": 0.09,
    "avaya": 0.06,
    "mitel": 0.05,
    "teams": 0.04,
    "softphone": 0.035,
    "web_phone": 0.015,
}

_CODECS = ("8", "0", "18", "9", "3", "101", "97", "111", "4", "110")
_EXTRAS = (
    "Accept-Language",
    "Organization",
    "Subject",
    "X-Asterisk-HangupCause",
    "P-Charging-Vector",
    "Remote-Party-ID",
    "Alert-Info",
    "Privacy",
    "Call-Info",
    "X-Serial",
    "Priority",
    "P-Early-Media",
    "Timestamp",
    "Accept",
    "Reply-To",
    "X-Tenant",
)
_SESSIONS = ("call", "voip", "pbx", "SIP", "Media Server", "office", "session", "root", "-", "Phone-Call")
_ALPHABETS = ("hex", "num", "alnum", "base64")


class ShapeBook:
    """All shapes of a network, each once. Index 0 is no shape at all: a call that came without SIP."""

    def __init__(self) -> None:
        self.fingerprints: list[str | None] = [None]
        self.parts: list[tuple[str, ...] | None] = [None]
        self._index: dict[str, int] = {}

    def add(self, parts: tuple[str, ...]) -> int:
        digest = hashlib.sha256("\n".join(parts).encode()).hexdigest()[:16]
        if digest not in self._index:
            self._index[digest] = len(self.fingerprints)
            self.fingerprints.append(digest)
            self.parts.append(parts)
        return self._index[digest]

    def default(self, family: str) -> int:
        return self.add(_named(tuple(FAMILIES[family].parts), FAMILIES[family].product))

    def variant(self, family: str, rng: np.random.Generator, changes: int) -> int:
        """A default stack with some parts changed by whoever set it up."""
        parts = vary(tuple(FAMILIES[family].parts), rng, changes)
        return self.add(_named(parts, FAMILIES[family].product))


def _named(parts: tuple[str, ...], product: str) -> tuple[str, ...]:
    return (*parts, f"ua:{product}") if product else parts


def user_agent(family: str, rng: np.random.Generator) -> str | None:
    """Product and version, as the header shows it; None: the stack sends none."""
    product, versions = FAMILIES[family].product, FAMILIES[family].versions
    if not product:
        return None
    version = versions[int(len(versions) * rng.random() ** 1.5)]
    joiner = "-" if family == "pjsip" else "/" if family == "freeswitch" else " "
    return f"{product}{joiner}{version}".strip()


def vary(parts: tuple[str, ...], rng: np.random.Generator, changes: int) -> tuple[str, ...]:
    """Change that many different parts, as configuration and builds do."""
    varied = dict(part.split(":", 1) for part in parts)
    options = ["headers", "codecs", "session", "mf", "supported", "ptime", "callid", "tag", "cseq"]
    for name in rng.permutation(options)[:changes]:
        varied[str(name)] = _varied(str(name), varied[str(name)], rng)
    return tuple(f"{name}:{value}" for name, value in varied.items())


def _varied(name: str, value: str, rng: np.random.Generator) -> str:
    def pick(words: tuple[str, ...]) -> str:
        return words[int(rng.integers(len(words)))]

    if name == "headers":
        headers = value.split(",")
        for extra in rng.permutation(_EXTRAS)[: int(rng.integers(1, 3))]:
            headers.insert(int(rng.integers(4, len(headers))), str(extra))
        return ",".join(headers)
    if name == "codecs":
        return " ".join(str(c) for c in rng.permutation(_CODECS)[: int(rng.integers(2, 6))])
    if name == "session":
        return pick(_SESSIONS)
    if name == "mf":
        return str(int(rng.integers(20, 71)))
    if name == "supported":
        words = value.split(",")
        return ",".join(str(w) for w in rng.permutation(words)[: max(1, len(words) - 1)])
    if name == "ptime":
        return pick(("10", "20", "30", "none"))
    if name == "cseq":
        return str(int(rng.integers(1, 1000)))
    return f"{pick(_ALPHABETS)}{int(rng.integers(6, 37))}" + ("@host" if name == "callid" else "")
