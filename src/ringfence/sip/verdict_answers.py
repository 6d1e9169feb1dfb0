"""A verdict of the screen as a SIP answer: go on as marked, go elsewhere, or be refused."""

from __future__ import annotations

import re

import msgspec

from ringfence.model.verdict import Action, Verdict
from ringfence.sip.answers import PHRASES, Extensions, Source, answer, no_opinion
from ringfence.sip.headers import split_values
from ringfence.sip.message import Message
from ringfence.sip.redirect import Marks, marked_headers, quoted, redirect
from ringfence.sip.uri import parse_uri

ANALYTICS = 603
UNWANTED = 607
REJECTED = 608
FORBIDDEN = 403
_STIR = frozenset({428, 436, 437, 438})

_WEB = re.compile(r"https?://[!#-:=?-\[\]-~]+")  # no space, quote, ;, <, > or backslash
_CONTACT = re.compile(r"(?:https?|mailto|sips?|tel):[!#-;=?-\[\]-~]+")
_HOST = re.compile(r"[A-Za-z0-9.-]{1,253}|\[[0-9A-Fa-f:.]{2,45}\]")


class Answering(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """How an operator answers over SIP. All are optional; docs/reference/sip-answers.md explains each."""

    announcement: str = ""
    host: str = ""
    blocked_url: str = ""
    blocked_contact: str = ""
    card_url: str = ""
    stir_reason: bool = False
    route_on: bool = False
    retry_after: int = 1
    extensions: Extensions = Extensions()

    def __post_init__(self) -> None:
        """Raises ValueError, in one line, for what would make an answer that nobody can read."""
        target = parse_uri(self.announcement) if self.announcement else None
        if self.announcement and (target is None or target.scheme not in ("sip", "sips") or target.headers):
            raise ValueError("announcement is no sip: or sips: URI without headers")
        if self.host and not _HOST.fullmatch(self.host):
            raise ValueError("host is neither a domain nor an address; IPv6 goes in brackets")
        for name in ("blocked_url", "card_url"):
            if getattr(self, name) and not _WEB.fullmatch(getattr(self, name)):
                raise ValueError(f"{name} is no http(s) address without quotes, spaces and semicolons")
        if self.blocked_contact and not _CONTACT.fullmatch(self.blocked_contact):
            raise ValueError("blocked_contact is no https:, mailto:, sip: or tel: URI")
        if not 0 <= self.retry_after <= 3600:
            raise ValueError("retry_after is not between 0 and 3600 seconds")


def verdict_answer(
    message: Message,
    verdict: Verdict,
    number: str = "",
    source: Source | None = None,
    how: Answering | None = None,
    identity: str = "",
) -> bytes:
    """What the screen answers to an INVITE that it judged.

    number: the caller as the call shall carry it on, E.164; "" where it has none or it may not be asserted.
    identity: the Identity header that the call shall carry on, where it was signed for.
    allow and label: 302 to the same target with its marks; 404 "no opinion" where there are none, or for
    allow where `route_on` says so. divert without an announcement is refused.
    """
    how = how or Answering()
    if verdict.action is Action.BLOCK:
        return refusal(message, verdict, source, how)
    if verdict.action is Action.DIVERT:
        if not how.announcement:
            return refusal(message, verdict, source, how)
        if message.uri == how.announcement:  # it is there already, and would go round for ever
            return no_opinion(message, source)
        return redirect(message, Marks(), source, target=how.announcement, host=how.host)
    if verdict.action is Action.WITHHOLD:
        return redirect(message, Marks(withheld=True), source, host=how.host)
    if verdict.action is Action.ALLOW and how.route_on and not identity:
        return no_opinion(message, source)
    marks = Marks(number, verdict.verstat, verdict.display, identity=identity)
    if not marked_headers(marks, how.host):
        return no_opinion(message, source)
    return redirect(message, marks, source, host=how.host)


def refusal(
    message: Message, verdict: Verdict, source: Source | None = None, how: Answering | None = None
) -> bytes:
    """The refusal that a verdict asks for; 603 Network Blocked where it names none.

    Never says why beyond its code: what a detector saw is not for the caller. 608 becomes 603 without the
    signed card, or for callers that did not say they understand it (RFC 8688 section 3.4). A status that an
    edge takes for "route on" becomes 403.
    """
    how = how or Answering()
    status, phrase = verdict.sip_status or ANALYTICS, verdict.sip_reason
    if status == REJECTED and not (how.card_url and understands_608(message)):
        status, phrase = ANALYTICS, ""
    if not refuses(status):
        status, phrase = FORBIDDEN, ""
    phrase = phrase or PHRASES.get(status, "Refused")
    headers: list[tuple[str, str]] = []
    if status == ANALYTICS and phrase == PHRASES[ANALYTICS]:
        text = "v=analytics1" + (f";url={how.blocked_url}" if how.blocked_url else "")
        headers.append(("Reason", f"SIP;cause=603;text={quoted(text)};location=RLN"))
        if how.blocked_contact:
            headers.append(("Contact", f"<{how.blocked_contact}>"))
    elif status == REJECTED:
        headers.append(("Call-Info", f"<{how.card_url}>;purpose=jwscard"))
    elif status in _STIR and how.stir_reason:
        headers.append(("Reason", f"STIR;cause={status};text={quoted(PHRASES[status])}"))
    return answer(message, status, phrase, source, headers)


def refuses(status: int) -> bool:
    """Whether an edge takes this status for a refusal: 4xx and 6xx, but not 404 (no opinion, route on), 408
    and 5xx (the screen is away), 401, 407 and 420 (try again)."""
    return (400 <= status < 500 and status not in (401, 404, 407, 408, 420)) or 600 <= status < 700


def understands_608(message: Message) -> bool:
    """Whether whoever calls said that it tells its caller what a 608 says (RFC 8688 section 3.3)."""
    for line in message.all("feature-caps"):
        for value in split_values(line):
            if "+sip.608" in [part.strip().lower() for part in value.split(";")]:
                return True
    return False
