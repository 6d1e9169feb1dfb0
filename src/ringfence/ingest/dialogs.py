"""SIP messages become calls: one per Call-ID and caller's tag, whatever the hops, forks and retries.

The rules, each with where it is kept:
  one call leg      the first INVITE of a Call-ID and From tag opens it; it ends with BYE or a final failure
  hops              the same INVITE again under another branch is a later hop: it only adds egress facts
                    (`_same_invite`); of hops the one with fewest Vias describes the call
  retransmission    the same branch again changes nothing (`_same_invite`)
  retry             a new INVITE without To tag after 401, 407 or a redirect continues the call (`_retry`)
  re-INVITE         a To tag means inside the dialog: no new call (`_invite`)
  forks             every 2xx counts as a leg; the call ends when the last answered leg does (`_bye`)
  status            what the describing hop was answered; other hops only if that one was not seen
"""

from __future__ import annotations

from ringfence.ingest.invite import Described, describe, egress_trunk
from ringfence.sip.glance import Glance, branch_of, via_values
from ringfence.sip.message import Message

MAX_OPEN = 100_000
LINGER = 32_000_000  # µs: 64*T1, the longest a retransmission may come after the end (RFC 3261 section 17)
UNANSWERED_AGE = 600_000_000  # µs without any message after which an unanswered call is given up
ANSWERED_AGE = 12 * 3_600_000_000  # µs likewise for an answered one
_SWEEP = 8_000_000
_MAX_ORPHANS = 20_000
_RETRIABLE = frozenset({300, 301, 302, 305, 401, 407, 413, 415, 416, 420, 422, 428, 494})


class Call:
    """One call leg in the making. Times in µs since 1970."""

    __slots__ = (
        "answer", "branch", "branches", "call_id", "cancelled", "cseq", "described", "end", "from_tag",
        "inner_answer", "inner_status", "legs", "number", "seen", "source", "start", "status", "vias",
    )  # fmt: skip

    def __init__(self, call_id: str, from_tag: str, number: int, time: int) -> None:
        self.call_id = call_id
        self.from_tag = from_tag
        self.number = number  # packet of the first INVITE
        self.start = time
        self.seen = time
        self.answer: int | None = None
        self.end: int | None = None
        self.cancelled: int | None = None
        self.status: int | None = None
        self.inner_status: int | None = None  # of a later hop
        self.inner_answer: int | None = None
        self.legs: set[str] = set()  # To tags that answered and have not hung up
        self.branch = ""
        self.branches: set[str] = set()
        self.cseq = 0
        self.vias = 0
        self.source = b""
        self.described = Described()

    def finish(self) -> None:
        """Settle what only later hops showed."""
        if self.status is None:
            self.status, self.answer = self.inner_status, self.inner_answer
        if self.answer is None and self.end is None:
            self.end = self.cancelled
        self.branches.clear()


class Calls:
    """Open calls, in bounded memory: old ones are given up by the packets' own clock, and the oldest when
    there are more than MAX_OPEN. Such calls come out with end unknown.

    orphans: dialogs whose INVITE the capture does not hold, as (packet number, Call-ID), each once.
    """

    def __init__(self, max_open: int = MAX_OPEN) -> None:
        self._max_open = max_open
        self._open: dict[tuple[str, str], Call] = {}
        self._retriable: dict[str, Call] = {}
        self._orphaned: dict[str, None] = {}
        self._swept = 0
        self.finished: list[Call] = []
        self.orphans: list[tuple[int, str]] = []

    def see(
        self, glance: Glance, message: Message | None, number: int, time: int, source: bytes
    ) -> str | None:
        """One more message; a stable word where it cannot belong to any call, None where all is well.

        message: needed for INVITE requests alone. number: its packet. source: raw address it came from.
        """
        if abs(time - self._swept) > _SWEEP:
            self._sweep(time)
        if glance.cseq is None:
            return "bad_cseq"
        call_id, from_tag = glance.call_id, glance.from_tag
        if not call_id:
            return "missing_call_id"
        cseq, method = glance.cseq
        call = self._open.get((call_id, from_tag))
        if call is None and glance.to_tag:
            call = self._open.get((call_id, glance.to_tag))
        if call is not None:
            call.seen = time
        if method == "INVITE":
            if message is not None and glance.method:
                self._invite(call, glance, message, number, time, source)
            elif call is None:
                self._orphan(call_id, number)
            elif cseq == call.cseq and from_tag == call.from_tag:
                self._response(call, glance, time)
        elif glance.method == "BYE":
            if call is None:
                self._orphan(call_id, number)
            else:
                _bye(call, glance.to_tag if from_tag == call.from_tag else from_tag, time)
        elif glance.method == "CANCEL" and call is not None and call.cancelled is None:
            call.cancelled = time
        return None

    def close(self) -> None:
        """The capture is over: every open call is finished as it stands."""
        self._finish(list(self._open))

    def _invite(
        self,
        call: Call | None,
        glance: Glance,
        message: Message,
        number: int,
        time: int,
        source: bytes,
    ) -> None:
        call_id, from_tag = glance.call_id, glance.from_tag
        cseq = glance.cseq[0] if glance.cseq else 0
        if glance.to_tag:  # inside a dialog
            if call is None:
                self._orphan(call_id, number)
            return
        if call is None:
            call = self._retriable.get(call_id)
        elif call.answer is not None and call.end is not None and cseq > call.cseq:
            self._finish([(call_id, call.from_tag)])  # a stack that uses its Call-ID again
            call = None
        if call is None:
            if len(self._open) >= self._max_open:
                self._make_room()
            call = Call(call_id, from_tag, number, time)
            call.cseq = cseq
            self._open[call_id, from_tag] = call
            _describe(call, message, source)
        elif cseq == call.cseq and from_tag == call.from_tag:
            _same_invite(call, message, source)
        elif cseq > call.cseq or from_tag != call.from_tag:
            self._retry(call, message, cseq, from_tag)

    def _retry(self, call: Call, message: Message, cseq: int, from_tag: str) -> None:
        """The caller tries again: with credentials, at another target, or with what was asked for."""
        if call.answer is not None:
            return
        if from_tag != call.from_tag:
            self._open.pop((call.call_id, call.from_tag), None)
            call.from_tag = from_tag
            self._open[call.call_id, from_tag] = call
        self._retriable.pop(call.call_id, None)
        call.cseq, call.status, call.inner_status, call.end, call.cancelled = cseq, None, None, None, None
        vias = via_values(message)
        call.branch, call.vias, call.branches = branch_of(vias[0] if vias else ""), len(vias), set()
        later = describe(message)
        first = call.described
        for field in ("attestation", "origid", "verstat", "network_number", "trunk", "diverted_from"):
            if getattr(first, field) is None:
                setattr(first, field, getattr(later, field))

    def _response(self, call: Call, glance: Glance, time: int) -> None:
        code = glance.status
        if code < 200:
            return
        own = not call.branch or glance.branch == call.branch
        if code < 300:
            if own and call.answer is None:
                call.status, call.answer, call.end = code, time, None
            elif not own and call.inner_answer is None:
                call.inner_status, call.inner_answer = code, time
            if call.end is None:
                call.legs.add(glance.to_tag)
            return
        if own:
            if call.status is None or (call.status >= 300 and call.end is None):
                call.status, call.end = code, time
                if code in _RETRIABLE:
                    self._retriable[call.call_id] = call
        elif call.inner_answer is None:
            call.inner_status = code

    def _orphan(self, call_id: str, number: int) -> None:
        if call_id in self._orphaned:
            return
        if len(self._orphaned) >= _MAX_ORPHANS:
            del self._orphaned[next(iter(self._orphaned))]
        self._orphaned[call_id] = None
        self.orphans.append((number, call_id))

    def _sweep(self, time: int) -> None:
        self._swept = time
        over = []
        for key, call in self._open.items():
            idle = time - call.seen
            if call.end is not None:
                limit = LINGER
            elif call.answer is not None or call.inner_answer is not None:
                limit = ANSWERED_AGE
            else:
                limit = UNANSWERED_AGE
            if idle > limit:
                over.append(key)
        self._finish(over)

    def _make_room(self) -> None:
        """Too many calls are open: finish those that ended, then the oldest tenth."""
        self._finish([key for key, call in self._open.items() if call.end is not None])
        excess = len(self._open) - self._max_open * 9 // 10
        if excess > 0:
            self._finish(list(self._open)[:excess])

    def _finish(self, keys: list[tuple[str, str]]) -> None:
        for key in keys:
            call = self._open.pop(key)
            if self._retriable.get(call.call_id) is call:
                del self._retriable[call.call_id]
            call.finish()
            self.finished.append(call)


def _describe(call: Call, message: Message, source: bytes) -> None:
    vias = via_values(message)
    call.vias, call.branch = len(vias), branch_of(vias[0] if vias else "")
    call.branches = {call.branch}
    call.source = source
    call.described = describe(message)


def _same_invite(call: Call, message: Message, source: bytes) -> None:
    vias = via_values(message)
    branch = branch_of(vias[0] if vias else "")
    if branch == call.branch or branch in call.branches:
        return
    if len(call.branches) < 64:
        call.branches.add(branch)
    if len(vias) < call.vias:  # captured out of order: this hop is nearer to the caller
        seen = call.branches
        _describe(call, message, source)
        call.branches |= seen
        return
    trunk = egress_trunk(message)
    if trunk is not None:
        call.described.egress_trunk = trunk


def _bye(call: Call, leg: str, time: int) -> None:
    if call.end is not None:
        return
    call.legs.discard(leg)
    if not call.legs:
        call.end = time
