"""A chain for people: each certificate from the root down, and exactly where it breaks and why."""

from __future__ import annotations

from collections.abc import Sequence

from rich.text import Text

from ringfence.console.certificates import Row, authority_lines, certificate_row, field, plain, span_words
from ringfence.console.display import plural
from ringfence.model.rejected import Rejected
from ringfence.verify.certificate import Certificate, is_signed_by
from ringfence.verify.chain import Chain, build_chain
from ringfence.verify.crl import Crl
from ringfence.verify.trust import TrustStore

_STYLES = {"holds": "green", "breaks": "bold red", "hangs": "yellow"}


def chain_row(
    certificates: Sequence[Certificate],
    trust: TrustStore,
    now: float,
    crls: Sequence[Crl] = (),
    *,
    require_crl: bool = False,
) -> Row:
    """How the first of the certificates leads to a root, with the help of the others, and where it stops.

    verdict: valid or invalid. steps: from the top down, each a `certificate_row` with `trusted` (it is one of
    the roots) and `outcome`: holds, breaks (the first that does; with `reason` and `detail`) or hangs (from
    the one that breaks). now: seconds since 1970.
    """

    def built(certificate: Certificate) -> Chain | Rejected:
        return build_chain(certificate, certificates[1:], trust, now, crls, require_crl=require_crl)

    whole = built(certificates[0])
    path = whole.certificates if isinstance(whole, Chain) else _path(certificates, trust)
    steps: list[Row] = []
    is_broken = False
    for position in reversed(range(len(path))):
        certificate = path[position]
        step: Row = {"trusted": certificate in trust.roots, "outcome": "hangs" if is_broken else "holds"}
        # where the upper part alone fails in the same way, it fails up here; if nowhere above, at the leaf
        fault = whole if isinstance(whole, Rejected) and not is_broken else None
        if fault and (position == 0 or _same(built(certificate), fault)):
            step |= {"outcome": "breaks", "reason": fault.reason, "detail": fault.detail}
            is_broken = True
        steps.append(step | certificate_row(certificate, path, now))
    if isinstance(whole, Rejected):
        told = {"reason": whole.reason, "sip_status": whole.status, "detail": whole.detail}
        return {"kind": "chain", "verdict": "invalid", **told, "steps": steps}
    return {
        "kind": "chain", "verdict": "valid", "reason": "", "sip_status": None, "detail": "", "steps": steps
    }  # fmt: skip


def chain_card(row: Row) -> Text:
    """A row of `chain_row` on a terminal: the root on top, as in every drawing of a chain."""
    card = Text()
    for number, step in enumerate(row["steps"]):
        card.append(f"{step['outcome']:<7}", _STYLES[step["outcome"]])
        card.append(f" {step['role']}: {plain(step['subject'])}", "bold")
        if step["trusted"]:
            card.append("  trusted", "green")
        elif not number:
            card.append(f"  issued by {plain(step['issuer'])}, which is neither here nor trusted", "yellow")
        if step["outcome"] == "breaks":
            field(card, "why", f"{step['reason']}: {step['detail']}", "bold red")
        field(card, "valid", span_words(step))
        field(card, "speaks for", "; ".join(authority_lines(step)))
        card.append("\n")
    if row["verdict"] == "valid":
        until = min(step["not_after"] for step in row["steps"])
        return card.append(
            f"valid: {plural(len(row['steps']), 'certificate')}, all of them to {until[:10]}", "bold green"
        )
    return card.append(f"invalid: {row['reason']} {row['sip_status'] or ''}".rstrip(), "bold red")


def _same(found: Chain | Rejected, whole: Rejected) -> bool:
    if isinstance(found, Chain) or found.reason != whole.reason:
        return False
    # that there is no way up is told of whichever certificate was asked for
    return found.detail == whole.detail or found.reason == "untrusted"


def _path(certificates: Sequence[Certificate], trust: TrustStore) -> tuple[Certificate, ...]:
    """From the first up, each issued by the next, as far as that goes, whatever else is wrong with them."""
    path = [certificates[0]]
    candidates = [*trust.roots, *certificates[1:]]
    while path[-1] not in trust.roots:
        below = path[-1]
        above = next(
            (
                c
                for c in candidates
                if c not in path
                and c.subject_name == below.issuer_name
                and is_signed_by(below.x509, c.public_key)
            ),
            None,
        )
        if above is None:
            break
        path.append(above)
    return tuple(path)
