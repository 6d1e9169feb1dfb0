"""A verification on a terminal: one line for the call, one for each of its Identity headers."""

from __future__ import annotations

from rich.text import Text

from ringfence.console.certificates import plain
from ringfence.model.call import Call
from ringfence.model.rejected import Rejected
from ringfence.model.verification import HeaderVerdict, Verdict, Verification
from ringfence.verify.rcd import shown

_LOOKS = {Verdict.VALID: "bold green", Verdict.INVALID: "bold red", Verdict.UNSIGNED: "yellow"}


def call_line(call: Call, verification: Verification, *, bound: bool = True) -> Text:
    """The verdict on a call, in one line: who, to whom, and why not. bound: whether the token was held to a
    call at all."""
    line = Text(f"{verification.verdict.value:<8}", _LOOKS[verification.verdict])
    if verification.attestation:
        line.append(f" {verification.attestation}", "bold")
    if verification.reason:
        line.append(f" {verification.reason}", "bold")
        if verification.sip_status:
            line.append(f" {verification.sip_status}")
    caller = _plus(verification.orig or "") or _shown(call.caller)
    called = ", ".join(map(_plus, verification.dest)) or _shown(call.request_uri)
    line.append(plain(f"{_name(verification)}  {caller or 'nobody'} → {called or 'nobody'}"))
    if verification.signer:
        line.append(f"  signed by {plain(verification.signer)}")
    if call.call_id:
        line.append(f"  {plain(call.call_id)}", "dim")
    if not bound and verification.verdict is Verdict.VALID:
        line.append("  (held to no call: give --from and --to)", "yellow")
    return line


def header_lines(verification: Verification) -> list[Text]:
    """Why, header by header, where that says more than the line of the call."""
    told = verification.passports
    if len(told) == 1 and not verification.detail and not told[0].notes:
        return []
    return [_header_line(header) for header in told]


def _header_line(header: HeaderVerdict) -> Text:
    line = Text(f"  {plain(header.ppt) or 'plain'}: ", "dim")
    line.append(header.reason or header.verdict.value, _LOOKS[header.verdict])
    if header.step:
        line.append(f" at {header.step.value}")
    if header.detail:
        line.append(f": {plain(header.detail)}")
    if header.div:
        line.append(f", diverted by {plain(_plus(header.div))}")
    if header.notes:
        line.append(f" ({', '.join(header.notes)})")
    return line


def _name(verification: Verification) -> str:
    card = shown(verification)
    if isinstance(card, Rejected):
        return f"  (name: {card.reason})"
    return (
        f"  \N{LEFT DOUBLE QUOTATION MARK}{card.name}\N{RIGHT DOUBLE QUOTATION MARK}"
        if card and card.name
        else ""
    )


def _plus(identity: str) -> str:
    """As people write it: tokens have numbers without the +."""
    return f"+{identity}" if identity.isdigit() and len(identity) > 6 else identity


def _shown(uri: str) -> str:
    return uri.partition(":")[2].partition("@")[0].partition(";")[0] if ":" in uri else uri
