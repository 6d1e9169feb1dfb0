"""Verification of a call: Identity headers in, one verdict out (RFC 8224 section 6.2 and its extensions).

The steps, cheapest first, so that what cannot be true costs neither a fetch nor a signature. Each token stops
at the first that fails; `Step` names them:

 1  header       the Identity header reads as RFC 8224 section 4 has it
 2  token        ES256, passport, a type that the policy looks at, the x5u that info names
 3  claims       what the type demands, of the right kind, no name twice
 4  freshness    issued now: iat against our clock, and against Date
 5  binding      this caller and this called party, directly or through diversions (RFC 8946 section 4.2)
 6  certificate  it can be had, and read
 7  chain        it leads to a trusted root, is in force and not revoked
 8  signature    over the octets as received
 9  authority    its holder may speak for this number, and claim this (RFC 8226, 9060, 9118)
10  replay       whether this token was used before

Nothing here raises for what a call carries: every outcome is a value.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator

import msgspec

from ringfence.model.call import Call
from ringfence.model.rejected import Rejected
from ringfence.model.verification import Step, Verification
from ringfence.verify.binding import Sides, diversions, other_priorities, parties, party
from ringfence.verify.credential import Credential, CredentialSource
from ringfence.verify.entitlement import entitlement_fault
from ringfence.verify.opening import MAX_NESTED, Begun, Judgement, open_header, read, seconds
from ringfence.verify.outcome import combined
from ringfence.verify.passport import open_token
from ringfence.verify.policy import SHAKEN, Policy
from ringfence.verify.reasons import rejected
from ringfence.verify.replay import ReplayMemory
from ringfence.verify.signature import signature_holds

#: Identity headers of a call that are looked at; each may cost a fetch.
MAX_HEADERS = 12


class Verifier:
    """Judges calls by a policy, with certificates from a source. One may be shared by threads as far as its
    source may."""

    def __init__(
        self, credentials: CredentialSource, policy: Policy = SHAKEN, replay: ReplayMemory | None = None
    ) -> None:
        self.credentials = credentials
        self.policy = policy
        self.replay = replay

    def verify_many(self, calls: Iterable[tuple[Call, float]]) -> Iterator[Verification]:
        """The verification of each call, each at its own time."""
        return (self.verify(call, now) for call, now in calls)

    def verify(self, call: Call, now: float) -> Verification:
        """What the Identity headers of a call prove.

        now: our clock, seconds since 1970. The verdict is valid if one token is, with all the diversions that
        lead from it to the called party; other tokens of the call may be anything (RFC 8224 6.2.1)."""
        return self.conclude(self.begin(call, now))

    def begin(self, call: Call, now: float) -> Begun:
        """Steps 1 to 5, which need no certificate. `Begun.addresses` says which ones the others will ask for,
        so that a server can fetch them first without holding up other calls."""
        policy = self.policy
        if not call.identity:
            return Begun(call, now, [], None)
        sides = Sides(call, policy.region, policy.longer_numbers)
        works = [open_header(value, call, policy) for value in call.identity[:MAX_HEADERS]]
        for work in works:
            self._check_time(work, call, now, policy.max_age)
        self._bind(works, call, sides, now)
        return Begun(call, now, works, sides)

    def conclude(self, begun: Begun) -> Verification:
        """Steps 6 to 10 of what `begin` began, and the verdict. Once for each."""
        call, now, works = begun.call, begun.now, begun.works
        for work in works:
            self._prove(work, now)
        for work in works:
            self._lean_on_diversions(work, begun)
        if self.replay is not None:
            for work in works:
                self._check_replay(work, call, now, self.replay)
        return combined(works, self.policy)

    def signatures(self, call: Call, now: float) -> Verification:
        """The same call by its signatures alone (steps 1, 2, 6 and 8), whoever signed for whom and when: for
        published examples, never for a call."""
        tokens = [open_header(value, call, self.policy) for value in call.identity[:MAX_HEADERS]]
        for one in tokens:
            if one.step is Step.CLAIMS:
                one.fault = one.step = None
            self._signed(one, now)
        # it was not held to the call, so nothing is passed on
        return msgspec.structs.replace(combined(tokens, self.policy), verstat="No-TN-Validation")

    # 4 freshness

    def _check_time(self, work: Judgement, call: Call, now: float, max_age: float) -> None:
        if work.fault is not None or work.claims is None:
            return
        iat = work.claims.iat
        # a token that was diverted may be older; whether it was is known once the call is bound
        if now - iat > max(max_age, self.policy.max_age_diverted):
            work.stop(Step.FRESHNESS, rejected("stale", f"issued {now - iat:.0f} s ago"))
        elif iat - now > self.policy.max_future:
            work.stop(Step.FRESHNESS, rejected("future", f"issued {iat - now:.0f} s from now"))
        elif call.date is not None and self.policy.date == "compare":
            work.dated = seconds(call.date)
            if work.dated is None:
                work.notes.append("bad_date")
            else:
                self._hold_to_date(work, max(max_age, self.policy.max_age_diverted))

    def _hold_to_date(self, work: Judgement, max_age: float) -> None:
        if work.claims is not None and work.dated is not None:
            apart = abs(work.dated - work.claims.iat)
            if apart > max_age:
                work.stop(Step.FRESHNESS, rejected("date_mismatch", f"Date and iat {apart:.0f} s apart"))

    def _hold_to_age(self, work: Judgement, now: float, max_age: float) -> None:
        if work.claims is not None and now - work.claims.iat > max_age:
            work.stop(Step.FRESHNESS, rejected("stale", f"issued {now - work.claims.iat:.0f} s ago"))
        self._hold_to_date(work, max_age)

    # 5 binding

    def _bind(self, works: list[Judgement], call: Call, sides: Sides, now: float) -> None:
        readable = [w for w in works if w.fault is None and w.claims is not None]
        diverted = [w for w in readable if w.ppt == "div"]
        led: set[int] = set()
        for work in readable:
            claims = work.claims
            assert claims is not None
            orig = party(claims.orig)
            if not sides.calls(orig, call):
                if sides.anonymous:
                    work.stop(Step.BINDING, rejected("anonymous", f"the token names {orig}, the call nobody"))
                else:
                    shown = ", ".join(c for c in sides.callers if c) or "nobody"
                    work.stop(
                        Step.BINDING, rejected("orig_mismatch", f"the token names {orig}, the call {shown}")
                    )
                continue
            if work.ppt == "div":
                continue
            if work.ppt == "rph" and (differs := other_priorities(claims, call)):
                work.stop(Step.BINDING, rejected("priority_mismatch", differs))
                continue
            if work.ppt == "div-o":
                self._unfold(work, orig, now)
            if sides.reaches(parties(claims.dest), call):
                self._hold_to_age(work, now, self.policy.max_age)
                continue
            chain = diversions(claims, [w.claims for w in diverted if w.claims], sides, call)
            if chain is None:
                self._misdirected(work, call, sides, bool(diverted))
                continue
            work.via = [diverted[i] for i in chain]
            led.update(id(w) for w in work.via)
            self._hold_to_age(work.via[-1], now, self.policy.max_age)
            self._hold_to_age(work, now, self.policy.max_age_diverted)
        for work in diverted:
            if id(work) not in led and work.fault is None:
                work.spare = True
                work.stop(
                    Step.BINDING,
                    rejected("dest_mismatch", "it diverts no token of this call to its called party"),
                )

    def _misdirected(self, work: Judgement, call: Call, sides: Sides, diverted: bool) -> None:
        assert work.claims is not None
        dest = parties(work.claims.dest)
        said = f"the token names {', '.join(dest)[:80]}, the call goes to {sides.target or 'nobody'}"
        if sides.was_for(dest, call):
            if self.policy.accept_to:
                work.notes.append("retargeted_without_div")
                return
            why = ", and no div leads there" if diverted else ""
            work.stop(Step.BINDING, rejected("retargeted_without_div", said + why))
        else:
            work.stop(Step.BINDING, rejected("dest_mismatch", said))

    def _unfold(self, work: Judgement, orig: str, now: float) -> None:
        """The token inside a div-o, held to the same caller and the number that diverted (RFC 8946 5.1)."""
        outer = work
        for _ in range(MAX_NESTED):
            assert outer.claims is not None and outer.claims.opt is not None and outer.claims.div is not None
            inner = outer.inner = Judgement()
            token = open_token(outer.claims.opt)
            if isinstance(token, Rejected):
                work.stop(Step.CLAIMS, msgspec.structs.replace(token, detail=f"opt: {token.detail}"))
                return
            inner.take(token)
            read(inner, token)
            if inner.claims is None:
                fault = inner.fault or rejected("bad_syntax")
                work.stop(Step.CLAIMS, msgspec.structs.replace(fault, detail=f"opt: {fault.detail}"))
                return
            # a div says nothing by itself, and an rph nothing of the caller
            if token.ppt not in self.policy.looked_at or token.ppt in ("div", "rph"):
                work.stop(Step.TOKEN, rejected("unsupported", f"opt: type {token.ppt or 'plain'}"))
                return
            if party(inner.claims.orig) != orig:
                work.stop(
                    Step.BINDING, rejected("orig_mismatch", "opt: the token inside names another caller")
                )
                return
            if party(outer.claims.div) not in parties(inner.claims.dest):
                work.stop(
                    Step.BINDING, rejected("dest_mismatch", "opt: the token inside was for another number")
                )
                return
            self._hold_to_age(inner, now, self.policy.max_age_diverted)
            if inner.claims.iat - now > self.policy.max_future:
                inner.stop(Step.FRESHNESS, rejected("future", "opt: issued later than now"))
            if token.ppt != "div-o":
                return
            outer = inner
        work.stop(Step.CLAIMS, rejected("bad_syntax", f"opt: more than {MAX_NESTED} tokens in each other"))

    # 6 certificate, 7 chain, 8 signature, 9 authority

    def _signed(self, work: Judgement, now: float) -> Credential | None:
        """Steps 6 to 8: the credential that signed a token."""
        if work.fault is not None or work.token is None:
            return None
        token = work.token
        found = self.credentials.get(token.x5u, now)
        credential = found.credential
        if credential is None:
            fault = found.fault or rejected("no_certificate")
            work.stop(Step.CHAIN if found.at_chain else Step.CERTIFICATE, fault)
            return None
        work.signer = credential.signer
        chain = credential.chain
        if chain is not None and not chain.not_before <= now <= chain.not_after:
            work.stop(Step.CHAIN, rejected("expired" if now > chain.not_after else "not_yet_valid"))
            return None
        if not signature_holds(credential.key, token.signature, token.signed):
            self.credentials.doubt(token.x5u, now)
            work.stop(Step.SIGNATURE, rejected("bad_signature"))
            return None
        return credential

    def _prove(self, work: Judgement, now: float) -> None:
        credential = self._signed(work, now)
        token, claims = work.token, work.claims
        if credential is None or token is None or claims is None:
            return
        by_diverter = claims.div if work.ppt in ("div", "div-o") else None
        speaks_for = party(by_diverter or claims.orig)
        fault = entitlement_fault(credential.chain, speaks_for, work.ppt, token.payload, self.policy)
        if fault is not None:
            work.stop(Step.AUTHORITY, fault)
            return
        if work.inner is not None:
            self._prove(work.inner, now)
            inner = work.inner
            if inner.fault is not None and inner.step is not None:
                work.stop(
                    inner.step, msgspec.structs.replace(inner.fault, detail=f"opt: {inner.fault.detail}")
                )

    def _lean_on_diversions(self, work: Judgement, begun: Begun) -> None:
        """A token that reaches the called party through diversions is worth what each of them is. Where one
        is worth nothing there may be another way: a stranger's div spoils no call."""
        false: list[Judgement] = []
        while work.fault is None and (failed := next((d for d in work.via if d.fault is not None), None)):
            false.append(failed)
            assert work.claims is not None and begun.sides is not None
            others = [
                w for w in begun.works
                if w.ppt == "div" and w.claims is not None and w not in false and (w.fault is None or w.spare)
            ]  # fmt: skip
            claims = [w.claims for w in others if w.claims is not None]
            chain = diversions(work.claims, claims, begun.sides, begun.call)
            if chain is None:
                fault = false[0].fault
                assert fault is not None
                work.stop(
                    Step.BINDING,
                    rejected("dest_mismatch", f"its diversion: {fault.reason} {fault.detail}".rstrip()),
                )
                return
            work.via = [others[i] for i in chain]
            for div in work.via:
                if div.spare:
                    div.spare, div.fault, div.step = False, None, None
                    last = div is work.via[-1]
                    self._hold_to_age(
                        div, begun.now, self.policy.max_age if last else self.policy.max_age_diverted
                    )
                    self._prove(div, begun.now)

    # 10 replay

    def _check_replay(self, work: Judgement, call: Call, now: float, memory: ReplayMemory) -> None:
        if work.fault is not None or work.token is None:
            return
        note = memory.seen(work.token.signed, call.source, call.call_id, now)
        if note is None:
            return
        work.notes.append(note)
        if note == "replayed" and self.policy.replay == "refuse":
            work.stop(Step.REPLAY, rejected("replayed"))
