"""What a verifier takes for proof, and what it refuses: an argument, never a constant.

Rules differ by country and change: four policies are named here, with their sources, and a TOML file can
begin from any of them.
"""

from __future__ import annotations

import difflib
import functools
import tomllib
from typing import Annotated, Any, Literal

import msgspec

from ringfence.errors import ConfigError, UsageError
from ringfence.model.passport import PPTS
from ringfence.numbers.dialling import dialling
from ringfence.verify.reasons import REASONS

Seconds = Annotated[float, msgspec.Meta(ge=0)]


class Policy(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """How tokens are judged. docs/reference/verification.md explains each setting."""

    name: str = "custom"
    #: ISO 3166 alpha-2 of the country whose national numbers the SIP headers hold; 001: none
    region: str = "001"
    #: types of PASSporT that are looked at; others are ignored. "plain" is the type without ppt
    types: tuple[str, ...] = ("plain", "shaken", "div", "div-o", "rcd", "rph")
    #: seconds between iat and now
    max_age: Seconds = 60.0
    #: seconds by which iat may lie ahead of our clock
    max_future: Seconds = 60.0
    #: the same age for a token whose call was diverted (RFC 8946 4.2: up to three hours for transfers)
    max_age_diverted: Seconds = 60.0
    #: compare: a Date further from iat than max_age is refused; ignore: Date is not looked at
    date: Literal["compare", "ignore"] = "compare"
    #: a token for the To header passes though the call goes elsewhere without a div (RFC 8224 12.1.1)
    accept_to: bool = False
    #: numbers of more than 15 digits are compared as they are
    longer_numbers: bool = False
    #: a certificate must say for whom it speaks (TNAuthList, RFC 8226)
    need_tn_auth_list: bool = True
    #: any: a service provider code covers every number; table: only those of spc_numbers
    spc_covers: Literal["any", "table"] = "any"
    #: service provider code -> prefixes of its numbers, digits
    spc_numbers: dict[str, tuple[str, ...]] = {}
    #: service provider codes that may sign priorities (rph); nobody else is believed
    priority_signers: tuple[str, ...] = ()
    #: a certificate of which no revocation list speaks is refused
    need_revocation_list: bool = False
    #: note: a token used twice is valid with a note; refuse: suspicious repeats are invalid
    replay: Literal["note", "refuse"] = "note"
    #: a call without a usable token is refused with 428
    need_identity: bool = False
    #: reasons for which the call is refused with their status; "all"; otherwise it goes on with its verstat
    refuse: tuple[str, ...] = ()

    def __post_init__(self) -> None:
        known = ("plain", *PPTS[1:])
        for word in self.types:
            if word not in known:
                raise ValueError(f"types: {word!r} is none of {', '.join(known)}")
        for word in self.refuse:
            if word != "all" and word not in REASONS:
                raise ValueError(f"refuse: {word!r} is no reason; see docs/reference/verification.md")

        try:
            dialling(self.region)
        except UsageError as error:
            raise ValueError(f"region: {error}") from None

    @property
    def lifetime(self) -> float:
        """Seconds for which a token may be used, from the earliest that our clock could see it."""
        return max(self.max_age, self.max_age_diverted) + self.max_future

    @property
    def looked_at(self) -> frozenset[str]:
        """The types as tokens name them: "" for plain."""
        return _looked_at(self.types)

    def refuses(self, reason: str) -> bool:
        """Whether a call is refused for this reason."""
        if reason in ("no_identity", "unsupported"):
            return self.need_identity
        return reason in self.refuse or "all" in self.refuse


@functools.cache
def _looked_at(types: tuple[str, ...]) -> frozenset[str]:
    return frozenset("" if t == "plain" else t for t in types)


#: Everything that RFC 8224 lets a verifier refuse is refused.
STRICT = Policy(
    name="strict", refuse=("all",), need_identity=True, need_revocation_list=False, replay="refuse"
)
#: ATIS-1000074 as far as public sources tell: the call goes on with its verstat, whatever it is.
SHAKEN = Policy(name="shaken", region="US", types=("shaken", "div", "rcd", "rph"))
#: French MAN (loi n° 2020-901, in force for fixed calls since October 2024): a call without a valid token
#: is not to be completed.
FRANCE = Policy(name="france", region="FR", types=("shaken", "div"), refuse=("all",), need_identity=True)
#: Nothing is refused and nothing is held against a call that a trial could not know.
OBSERVE = Policy(name="observe", accept_to=True, date="ignore", longer_numbers=True)

POLICIES: dict[str, Policy] = {p.name: p for p in (STRICT, SHAKEN, FRANCE, OBSERVE)}


def read_policy(text: str, where: str) -> Policy:
    """A policy in TOML: `base` names the policy that it begins from (default shaken), the other keys are
    those of `Policy`. where: the file's name, for errors.

    Raises ConfigError, one line with the file, the key and what to write instead."""
    try:
        raw = tomllib.loads(text)
    except tomllib.TOMLDecodeError as error:
        raise ConfigError(f"{where}: not TOML: {error}") from error
    base = POLICIES.get(name := raw.pop("base", "shaken"))
    if base is None:
        raise ConfigError(f"{where}: base: {name!r} is none of {', '.join(POLICIES)}")
    fields = Policy.__struct_fields__
    for key in raw:
        if key not in fields:
            near = difflib.get_close_matches(key, fields, 1)
            hint = f"; did you mean {near[0]}?" if near else ""
            raise ConfigError(f"{where}: {key}: no such setting of a verification policy{hint}")
    settings: dict[str, Any] = {field: getattr(base, field) for field in fields} | {"name": where} | raw
    try:
        return msgspec.convert(msgspec.to_builtins(settings), Policy)
    except msgspec.ValidationError as error:
        raise ConfigError(f"{where}: {error}; see docs/reference/verification.md") from error
