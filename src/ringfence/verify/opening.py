"""Steps 1 to 3 of verification: an Identity header becomes a token with claims, or stops.

`ringfence.verify.verifier` numbers the steps.
"""

from __future__ import annotations

import functools
from email.utils import parsedate_to_datetime

from ringfence.model.call import Call
from ringfence.model.passport import Claims
from ringfence.model.rejected import Rejected
from ringfence.model.verification import Step
from ringfence.sip.identity import parse_identity
from ringfence.verify.binding import Sides
from ringfence.verify.passport import (
    Token,
    from_base64url,
    is_compact,
    open_token,
    read_claims,
    signing_input,
)
from ringfence.verify.policy import Policy
from ringfence.verify.reasons import rejected

#: Tokens inside each other in a div-o.
MAX_NESTED = 5
#: Certificates that one call may have fetched.
MAX_ADDRESSES = 12


class Judgement:
    """One Identity header on its way through the steps.

    fault and step: why and where it stopped. token, claims: as far as they could be read. via: the diversions
    that lead from it to the called party. inner: the token inside a div-o. dated: the call's Date, seconds
    since 1970. spare: a div that no token needs, as long as the others hold."""

    __slots__ = (
        "claims", "dated", "fault", "inner", "notes", "ppt", "signer", "spare", "step", "token", "via", "x5u",
    )  # fmt: skip

    def __init__(self) -> None:
        self.x5u = ""
        self.ppt = ""
        self.token: Token | None = None
        self.claims: Claims | None = None
        self.fault: Rejected | None = None
        self.step: Step | None = None
        self.via: list[Judgement] = []
        self.inner: Judgement | None = None
        self.signer = ""
        self.notes: list[str] = []
        self.dated: float | None = None
        self.spare = False

    def stop(self, step: Step, fault: Rejected) -> None:
        if self.fault is None:
            self.step, self.fault = step, fault

    def take(self, token: Token) -> None:
        self.token, self.ppt, self.x5u = token, token.ppt, token.x5u

    def innermost(self) -> Judgement:
        """The token that a div-o wraps, through all of its wrappings; itself where it is none."""
        return self if self.inner is None else self.inner.innermost()


class Begun:
    """A call whose tokens went through the steps that need no certificate."""

    __slots__ = ("call", "now", "sides", "works")

    def __init__(self, call: Call, now: float, works: list[Judgement], sides: Sides | None) -> None:
        self.call = call
        self.now = now
        self.works = works
        self.sides = sides

    def addresses(self) -> list[str]:
        """The certificates that the tokens which got this far are held to, each once."""
        wanted: dict[str, None] = {}
        diverted = any(work.via for work in self.works)
        for work in self.works:
            if work.fault is not None and not (work.spare and diverted):
                continue
            token: Judgement | None = work
            while token is not None and (token is work or token.fault is None):
                wanted[token.x5u] = None
                token = token.inner
        return list(wanted)[:MAX_ADDRESSES]


def open_header(value: str, call: Call, policy: Policy) -> Judgement:
    """One Identity header as far as its claims."""
    types = policy.looked_at
    work = Judgement()
    header = parse_identity(value)
    if isinstance(header, Rejected):
        work.stop(Step.HEADER, header)
        return work
    work.x5u = header.info
    if header.ppt and header.ppt not in types:
        work.stop(Step.TOKEN, rejected("unsupported", f"ppt {header.ppt:.40} is not looked at"))
        return work
    if header.alg and header.alg != "ES256":
        work.stop(Step.TOKEN, rejected("unsupported", f"alg {header.alg:.40}: only ES256 is used"))
        return work
    if not header.info:
        work.stop(Step.HEADER, Rejected("bad_syntax", 436, "no info says where the certificate is"))
        return work
    if is_compact(header.token):
        _complete(work, header.token, header.ppt, call, policy)
        return work
    token = open_token(header.token)
    if isinstance(token, Rejected):
        work.stop(Step.TOKEN, token)
        return work
    work.take(token)
    if token.ppt != header.ppt:
        said = header.ppt or "none"
        work.stop(
            Step.TOKEN, rejected("ppt_mismatch", f"ppt of the header: {said}, of the token: {token.ppt}")
        )
    elif token.ppt not in types:
        work.stop(Step.TOKEN, rejected("unsupported", f"type {token.ppt or 'plain'} is not looked at"))
    elif token.x5u != header.info:
        work.stop(Step.TOKEN, rejected("info_mismatch", f"info {header.info:.80}, x5u {token.x5u:.80}"))
    else:
        read(work, token)
    return work


def read(work: Judgement, token: Token) -> None:
    claims = read_claims(token.payload, token.ppt)
    if isinstance(claims, Rejected):
        work.stop(Step.CLAIMS, claims)
        return
    work.claims = claims


def _complete(work: Judgement, compact: str, ppt: str, call: Call, policy: Policy) -> None:
    """A compact token with what the call says put back (RFC 8224 section 4.1): the Date as iat, the shown
    caller, To as the called party."""
    if ppt:
        work.stop(Step.TOKEN, rejected("bad_syntax", "the compact form is for tokens without ppt only"))
        return
    if "" not in policy.looked_at:
        work.stop(Step.TOKEN, rejected("unsupported", "type plain is not looked at"))
        return
    signature = from_base64url(compact[2:].encode())
    date = seconds(call.date)
    if signature is None or len(signature) != 64:
        work.stop(Step.TOKEN, rejected("bad_syntax", "the signature is not 64 bytes in base64url"))
        return
    if date is None:
        work.stop(Step.CLAIMS, rejected("bad_syntax", "a compact token needs a Date header"))
        return
    sides = Sides(call, policy.region, policy.longer_numbers)
    caller, called = sides.callers[0], sides.first
    if not caller or not called:
        work.stop(Step.CLAIMS, rejected("bad_syntax", "a compact token needs a caller and a To"))
        return
    claims = {
        "dest": {"uri" if ":" in called else "tn": [called]},
        "iat": int(date),
        "orig": {"uri" if ":" in caller else "tn": caller},
    }
    signed = signing_input("", work.x5u, claims)
    payload = from_base64url(signed.partition(b".")[2]) or b""
    token = Token("", work.x5u, signed, payload, signature)
    work.take(token)
    read(work, token)


def seconds(date: str | None) -> float | None:
    """A SIP Date (RFC 3261 section 20.17) in seconds since 1970; None if it is none."""
    return _seconds(date) if date and len(date) <= 64 else None  # longer ones would fill memory


@functools.lru_cache(maxsize=256)  # calls of one second say the same
def _seconds(date: str) -> float | None:
    try:
        parsed = parsedate_to_datetime(date)
    except (ValueError, IndexError, TypeError, OverflowError):
        return None
    return parsed.timestamp() if parsed.tzinfo is not None else None
