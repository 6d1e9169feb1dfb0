"""The screen of a process between its sockets and its judge: INVITEs and questions in, answers out.

Everything that a call needs is at hand in nearly all cases, so that it is answered at once. A certificate
that must be fetched first makes a call wait, and so do counters that several screens share; no other call
waits with it.
"""

from __future__ import annotations

import itertools
import logging
import os
import time
from collections import Counter
from collections.abc import Awaitable, Callable, Mapping

import msgspec

from ringfence.model.attempt import Attempt
from ringfence.model.call import Call
from ringfence.model.rejected import Rejected
from ringfence.model.verdict import Action, Verdict
from ringfence.model.verification import Verification
from ringfence.screen.attempts import attempt_of
from ringfence.screen.decisions import decision_of
from ringfence.screen.screen import UNVERIFIED, Screen
from ringfence.screen.shared_counters import AsyncSharedCounters
from ringfence.serve.edges import Edges
from ringfence.serve.verifying import AsyncVerifier
from ringfence.sip.answers import answer, unreadable, without_judging
from ringfence.sip.call import call_of
from ringfence.sip.message import Message, parse
from ringfence.sip.verdict_answers import Answering, verdict_answer
from ringfence.store.decision_log import DecisionLog
from ringfence.verify.tenants import SigningRequest, SigningService

_log = logging.getLogger(__name__)

#: Upper bounds of the histogram of seconds from arrival to answer.
BOUNDS = (0.0005, 0.001, 0.002, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 1.0)

#: Trunks that are counted apart: an asker may name any.
TRUNKS = 500


class Screening:
    """Judges for whoever asks, writes down what it said, and counts."""

    def __init__(
        self,
        screen: Screen,
        edges: Edges,
        verifier: AsyncVerifier | None = None,
        log: DecisionLog | None = None,
        answering: Answering | None = None,
        shared: AsyncSharedCounters | None = None,
        signing: SigningService | None = None,
        clock: Callable[[], float] = time.time,
    ) -> None:
        self.screen = screen
        self.edges = edges
        self.verifier = verifier
        self.log = log
        self.answering = answering or Answering()
        self.shared = shared
        self.signing = signing
        self._clock = clock
        self._rows = itertools.count(1)
        self._prefix = f"{os.getpid():x}-{int(clock() * 1000):x}"
        #: verdicts by (action, would, rule, mode), and other happenings by name
        self.verdicts: Counter[tuple[str, str, str, str]] = Counter()
        self.happened: Counter[str] = Counter()
        #: by (trunk, action, would); beyond `TRUNKS` trunks all others together
        self.trunks: Counter[tuple[str, str, str]] = Counter()
        self._known_trunks: set[str] = set()
        self.seconds = [0] * (len(BOUNDS) + 1)
        self.seconds_sum = 0.0
        #: called with each verdict, for the live feed
        self.listeners: set[Callable[[Attempt, Verdict], None]] = set()

    def handle(
        self, data: bytes, source: tuple[str, int], transport: str, now: float
    ) -> bytes | Awaitable[bytes | None] | None:
        """The answer to one SIP message; see `ringfence.serve.sip_queue.Handler`."""
        message = parse(data)
        if isinstance(message, Rejected):
            self.happened["unreadable"] += 1
            return unreadable(data, message, source)
        ready = without_judging(message, source, self.answering.extensions)
        if ready is not None:
            self.happened["not_judged"] += 1
            return ready
        sender = self.edges.sender(message, source[0])
        if sender is None:
            self.happened["strangers"] += 1
            return answer(message, 403, "", source)
        attempt = attempt_of(message, sender.edge, sender.source, now)
        if sender.roaming is not None:
            attempt = msgspec.structs.replace(attempt, roaming=sender.roaming)
        signed = self.verifier is not None and message.get("identity") is not None
        call = call_of(message, sender.source or "") if signed else None
        found = UNVERIFIED if self.verifier is None or call is None else self.verifier.at_once(call, now)
        if found is None or self.shared is not None:
            return self._later(message, attempt, sender.edge.tenant, call, found, source, now)
        verdict = self.judge(attempt, found, now)
        return self._answer(message, attempt, sender.edge.tenant, verdict, source, now)

    async def _later(
        self,
        message: Message,
        attempt: Attempt,
        tenant: str,
        call: Call | None,
        found: Verification | None,
        source: tuple[str, int],
        now: float,
    ) -> bytes:
        if found is None:
            assert self.verifier is not None and call is not None
            found = await self.verifier.verify(call, now)
        verdict = await self.decide(attempt, found, now)
        return self._answer(message, attempt, tenant, verdict, source, now)

    def _answer(
        self,
        message: Message,
        attempt: Attempt,
        tenant: str,
        verdict: Verdict,
        source: tuple[str, int],
        now: float,
    ) -> bytes:
        number = attempt.caller if attempt.caller is not None and attempt.caller_fault != "withheld" else ""
        signed = ""
        if tenant and verdict.action in (Action.ALLOW, Action.LABEL) and message.get("identity") is None:
            signed = self._signed(attempt, tenant, now)
        return verdict_answer(message, verdict, number or "", source, self.answering, signed)

    def _signed(self, attempt: Attempt, tenant: str, now: float) -> str:
        """The Identity header that a tenant's outgoing call goes on with; "" where it is not signed for."""
        known = self.signing.tenant(tenant) if self.signing is not None else None
        if self.signing is None or known is None or not attempt.caller or not attempt.called:
            self.happened["not_signed_no_number" if known else "not_signed_no_tenant"] += 1
            return ""
        dest = (attempt.called.removeprefix("+"),)
        asked = SigningRequest(orig=attempt.caller.removeprefix("+"), dest=dest)
        signed = self.signing.sign(known, asked, now)
        if isinstance(signed, Rejected):
            self.happened[f"not_signed_{signed.reason}"] += 1
            return ""
        self.happened["signed"] += 1
        return signed.identity

    async def verify(self, call: Call, now: float) -> Verification:
        """What a call's Identity headers prove; nothing where no roots are trusted."""
        if self.verifier is None or not call.identity:
            return UNVERIFIED
        return await self.verifier.verify(call, now)

    async def decide(self, attempt: Attempt, verification: Verification, now: float) -> Verdict:
        """As `judge`, with the counts of all screens where they share them."""
        if self.shared is None:
            return self.judge(attempt, verification, now)
        hits = self.screen.hits(attempt, verification, now)
        counts = await self.shared.observe(hits, now)
        named = {hit.meter.name: count for hit, count in zip(hits, counts, strict=True)}
        return self.judge(attempt, verification, now, named)

    def judge(
        self,
        attempt: Attempt,
        verification: Verification,
        now: float,
        counts: Mapping[str, int] | None = None,
    ) -> Verdict:
        """The verdict on an attempt, on the log before it is answered. now: when it came. counts: by meter,
        where that was done already."""
        verdict = self.screen.screen(attempt, verification, now, counts)
        if self.log is not None:
            try:
                row_id = f"{self._prefix}-{next(self._rows)}"
                self.log.append(decision_of(attempt, verification, verdict, row_id))
            except OSError as error:
                # calls go on: a full disk must not silence a network
                if not self.happened["log_failures"]:
                    _log.error("decision log: %s; decisions are not written down", error)
                self.happened["log_failures"] += 1
        self.verdicts[(verdict.action.value, verdict.would.value, verdict.rule, verdict.mode.value)] += 1
        self.trunks[(self._trunk(attempt.trunk), verdict.action.value, verdict.would.value)] += 1
        took = max(self._clock() - now, 0.0)
        self.seconds_sum += took
        self.seconds[next((i for i, bound in enumerate(BOUNDS) if took <= bound), len(BOUNDS))] += 1
        for listener in self.listeners:
            listener(attempt, verdict)
        return verdict

    def _trunk(self, name: str | None) -> str:
        if not name or name in self._known_trunks:
            return name or ""
        if len(self._known_trunks) >= TRUNKS:
            return "others"
        self._known_trunks.add(name)
        return name
