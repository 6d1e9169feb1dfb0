"""What is known around a call attempt when it is judged: a snapshot, for judging computes and asks nobody."""

from __future__ import annotations

from collections.abc import Mapping

import msgspec

from ringfence.model.attempt import Attempt
from ringfence.model.counting import Meter
from ringfence.model.number import Kind, Number
from ringfence.model.register import RegisterEntry
from ringfence.model.verdict import LiveSignal
from ringfence.model.verification import Verdict as Proof
from ringfence.model.verification import Verification

DAY = 86_400.0

#: What the signals themselves count. unit: see `unit_of`; owner: whose the presented number is.
METERS = (
    Meter("owners_per_unit", ("unit",), 2 * DAY, "owner", most=16),
    Meter("owners_per_person", ("unit", "called"), 2 * DAY, "owner", most=8),
    Meter("calls_per_line", ("caller",), 30.0, most=200),
)


class Context(msgspec.Struct, frozen=True, kw_only=True):
    """Facts about one attempt.

    region: ISO 3166 code of the country whose network this is. caller, called, diverter: facts of the
    numbers, None where there is none. entries: of the register, in force for the presented number, several
    where owners contest it. counts: by meter, this call included. matches: signals of the hunt's indicators.
    capacity: calls that the presented number's line may begin within the window of calls_per_line.
    declared: whether the owner's log has this call; None: nobody enrolled that number, or the log is away.
    rang_emergency: the called line rang an emergency number shortly before.
    """

    region: str = "GB"
    caller: Number | None = None
    called: Number | None = None
    diverter: Number | None = None
    entries: tuple[RegisterEntry, ...] = ()
    counts: Mapping[str, int] = {}
    matches: tuple[LiveSignal, ...] = ()
    capacity: int = 0
    declared: bool | None = None
    rang_emergency: bool = False

    @property
    def owner(self) -> str:
        """Whom the presented number belongs to, "" where the register does not say."""
        return self.entries[0].owner if self.entries else ""


def diverted(attempt: Attempt, verification: Verification) -> bool:
    """Whether the call was diverted, as more than its sender's word: a Diversion that nobody vouches for
    would be a way round every rule that is milder for diverted calls."""
    if attempt.diverted_from is not None and attempt.diversion_believed:
        return True
    return any(p.verdict is Proof.VALID and p.ppt.startswith("div") for p in verification.passports)


def unit_of(attempt: Attempt) -> str | None:
    """The customer behind a call, as well as the edge can tell: an account, else one shape of INVITE on one
    trunk. A whole trunk is nobody's: calls of many come over it."""
    if attempt.account:
        return f"{attempt.trunk or ''}/{attempt.account}"
    return f"{attempt.trunk}/{attempt.fingerprint}" if attempt.trunk and attempt.fingerprint else None


#: Starts of calls within the window of calls_per_line that a line of each kind can have.
CAPACITY = {Kind.MOBILE: 3, Kind.PERSONAL: 3, Kind.DRAMA: 3, Kind.GEOGRAPHIC: 60, Kind.NON_GEOGRAPHIC: 120}
