"""The screen of one process: an attempt and its verification in, a verdict out.

Around `Judge`, which computes, it holds what changes: the register, the numbering tables and the indicators
as they were loaded, counters, and the lines that rang for help. `reload` puts others in their place between
two calls.
"""

from __future__ import annotations

import datetime as dt
import functools
from collections.abc import Mapping
from typing import Protocol

from ringfence.model.attempt import Attempt
from ringfence.model.counting import CounterStore, Hit
from ringfence.model.register import RegisterEntry, Use
from ringfence.model.verdict import LiveSignal, Verdict
from ringfence.model.verification import Verdict as Proof
from ringfence.model.verification import Verification
from ringfence.numbers.allocation import Allocation
from ringfence.numbers.lookup import NumberLookup
from ringfence.numbers.register import Register
from ringfence.screen.context import CAPACITY, METERS, Context, unit_of
from ringfence.screen.counters import Counters, hits_of
from ringfence.screen.emergencies import Emergencies
from ringfence.screen.judge import Judge
from ringfence.screen.policy import Policy

UNVERIFIED = Verification(Proof.UNSIGNED, "no_identity")


class Matcher(Protocol):
    """The hunt's indicators, or whatever else knows sources of false calls."""

    def signals(self, attempt: Attempt, now: float) -> tuple[LiveSignal, ...]: ...


class Declared(Protocol):
    """Owners' logs of the calls they make."""

    def declared(self, attempt: Attempt, now: float) -> bool | None:
        """None: nobody enrolled the presented number, or the log is away."""
        ...


class Knowledge:
    """What is loaded and replaced as a whole."""

    def __init__(
        self,
        policy: Policy,
        *,
        register: Register | None = None,
        allocation: Allocation | None = None,
        indicators: Matcher | None = None,
        declared: Declared | None = None,
    ) -> None:
        self.judge = Judge(policy)
        self.policy = policy
        self.register = register
        self.numbers = NumberLookup(allocation, policy.country)
        self.indicators = indicators
        self.declared = declared
        self.meters = (*METERS, *policy.counted())
        self.emergency_numbers = frozenset(policy.emergency_numbers)
        self.entries = functools.lru_cache(maxsize=65_536)(self._entries)

    def _entries(self, number: str, day: int) -> tuple[RegisterEntry, ...]:
        if self.register is None:
            return ()
        return self.register.matches(number, dt.date.fromordinal(day))


_EPOCH = dt.date(1970, 1, 1).toordinal()


class Screen:
    """Judges one call after another. Not for threads: a process has one."""

    def __init__(self, knowledge: Knowledge, counters: CounterStore | None = None) -> None:
        self.knowledge = knowledge
        self.counters: CounterStore = counters if counters is not None else Counters()
        self.emergencies: Emergencies = Emergencies()

    def reload(self, knowledge: Knowledge) -> None:
        """Judge by this from the next call on; counters stay."""
        self.knowledge = knowledge

    def hits(self, attempt: Attempt, verification: Verification, now: float) -> list[Hit]:
        """What is to be counted of a call, for a counter store that must be awaited."""
        known = self.knowledge
        entries = self._entries(known, attempt, now)
        return self._hits(known, attempt, verification, entries)

    def screen(
        self,
        attempt: Attempt,
        verification: Verification,
        now: float,
        counts: Mapping[str, int] | None = None,
    ) -> Verdict:
        """The verdict on a call. now: seconds since 1970. counts: by meter, where that was done already."""
        known = self.knowledge
        policy = known.policy
        entries = self._entries(known, attempt, now)
        if counts is None:
            hits = self._hits(known, attempt, verification, entries)
            counts = {
                hit.meter.name: count
                for hit, count in zip(hits, self.counters.observe(hits, now), strict=True)
            }
        of = known.numbers.of
        caller = of(attempt.caller) if attempt.caller is not None else None
        window = policy.exempt.after_emergency_seconds
        context = Context(
            region=policy.country,
            caller=caller,
            called=of(attempt.called) if attempt.called is not None else None,
            diverter=of(attempt.diverted_from) if attempt.diverted_from is not None else None,
            entries=entries,
            counts=counts,
            matches=known.indicators.signals(attempt, now) if known.indicators is not None else (),
            capacity=CAPACITY.get(caller.kind, 0) if caller is not None else 0,
            declared=known.declared.declared(attempt, now) if known.declared is not None else None,
            rang_emergency=bool(window) and self.emergencies.lately(attempt.called, window, now),
        )
        # only a subscriber's own line is believed: its network put the number there
        own_line = attempt.ingress == "customer" and attempt.called in known.emergency_numbers
        if own_line and (line := attempt.network_number or attempt.caller):
            self.emergencies.rang(line, now)
        return known.judge.judge(attempt, verification, context, now)

    def _entries(self, known: Knowledge, attempt: Attempt, now: float) -> tuple[RegisterEntry, ...]:
        """The register's entries for the number that the call shows; for another one that some device may
        show instead, where that one never calls."""
        if known.register is None:
            return ()
        day = _EPOCH + int(now // 86_400)
        entries = known.entries(attempt.caller, day) if attempt.caller is not None else ()
        if not entries or entries[0].use is Use.OUTBOUND:
            for number in attempt.also_shown:
                others = known.entries(number, day)
                if others and others[0].use is not Use.OUTBOUND:
                    return others
        return entries

    def _hits(
        self,
        known: Knowledge,
        attempt: Attempt,
        verification: Verification,
        entries: tuple[RegisterEntry, ...],
    ) -> list[Hit]:
        # calls that were signed for with the right to the number are an outsourcer's, not a pretender's
        never = bool(entries) and entries[0].use is not Use.OUTBOUND
        proved = verification.verdict is Proof.VALID and verification.attestation == "A"
        values = {
            "caller": attempt.caller,
            "called": attempt.called,
            "network_number": attempt.network_number,
            "diverted_from": attempt.diverted_from,
            "trunk": attempt.trunk,
            "account": attempt.account,
            "carrier": attempt.carrier,
            "source_ip": attempt.source_ip,
            "user_agent": attempt.user_agent,
            "fingerprint": attempt.fingerprint,
            "unit": unit_of(attempt),
            # a call centre shows its clients' calling numbers, a pretender those that people know
            "owner": entries[0].owner if never and not proved else None,
        }
        return hits_of(known.meters, values, attempt.call_id)
