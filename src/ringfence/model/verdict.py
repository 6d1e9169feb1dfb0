"""What the screen says of a call attempt."""

from __future__ import annotations

from enum import StrEnum

import msgspec


class Action(StrEnum):
    """What is done with a call. The words are part of the contract."""

    ALLOW = "allow"
    LABEL = "label"  # goes on, marked: verstat and display
    WITHHOLD = "withhold"  # goes on without its number
    DIVERT = "divert"  # to an announcement
    BLOCK = "block"  # refused


class Mode(StrEnum):
    """live: the action is taken. shadow: it is only written down."""

    LIVE = "live"
    SHADOW = "shadow"


class LiveSignal(msgspec.Struct, frozen=True):
    """One thing that speaks against a call, or for it. name: a stable word. strength: 0 to 1.
    reason: plain words."""

    name: str
    strength: float
    reason: str


class Verdict(msgspec.Struct, frozen=True, kw_only=True):
    """The answer to an attempt.

    action: what to do now; would: what the rule says, the same unless the rule is in shadow.
    sip_status, sip_reason: of the answer over SIP, where `action` is not to let it pass. verstat, display:
    what is written on a call that goes on. rule: the rule that decided, "" if none. policy: its version.
    """

    action: Action = Action.ALLOW
    would: Action = Action.ALLOW
    sip_status: int | None = None
    sip_reason: str = ""
    verstat: str = ""
    display: str = ""
    reasons: tuple[str, ...] = ()
    signals: tuple[LiveSignal, ...] = ()
    rule: str = ""
    mode: Mode = Mode.LIVE
    policy: str = ""
    call_id: str = ""
