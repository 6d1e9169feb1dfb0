"""A call attempt: what an INVITE asks for, read once, with the facts of the edge that it came in at."""

from __future__ import annotations

import msgspec


class Attempt(msgspec.Struct, frozen=True, kw_only=True):
    """The values that a screen judges. Numbers are E.164, or digits alone for short codes; None: absent.

    call_id: the SIP Call-ID. time: seconds since 1970, UTC. caller: the presentation number;
    caller_fault: why it could not be read (`withheld`, `not_a_number` ...), "" where it could.
    caller_shown: the presentation as it was received, for display. network_number, diverted_from: as in
    the call record. diversion_believed: whether diverted_from comes from within the trust domain, where it
    is more than a claim of whoever calls. ingress: international, national or customer, "" where not known.
    roaming: whether the home network confirmed it, None where it was not asked. priority: Priority and
    Resource-Priority as received; by themselves they prove nothing. also_shown: further numbers in it that
    some device may show in place of `caller`. fingerprint, fingerprint_parts: `ringfence.sip.fingerprint`.
    """

    call_id: str = ""
    time: float = 0.0
    caller: str | None = None
    caller_fault: str = ""
    caller_shown: str = ""
    network_number: str | None = None
    called: str | None = None
    diverted_from: str | None = None
    diversion_believed: bool = False
    trunk: str | None = None
    account: str | None = None
    carrier: str | None = None
    ingress: str = ""
    roaming: bool | None = None
    source_ip: str | None = None
    user_agent: str | None = None
    fingerprint: str | None = None
    fingerprint_parts: tuple[str, ...] = ()
    priority: tuple[str, ...] = ()
    also_shown: tuple[str, ...] = ()
