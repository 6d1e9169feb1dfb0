"""Why a token proves nothing: the stable words, and the SIP status of each (RFC 8224 section 6.2.2).

docs/reference/verification.md lists the same; a test holds it to this list.
"""

from __future__ import annotations

import msgspec

from ringfence.model.rejected import Rejected


class Reason(msgspec.Struct, frozen=True):
    """status: what a strict verifier answers; None: nothing to refuse. checked: whether the claim was
    put to the test and failed (verstat TN-Validation-Failed), rather than never tested (No-TN-Validation).
    """

    status: int | None
    means: str
    checked: bool = True


REASONS: dict[str, Reason] = {
    "no_identity": Reason(428, "there is no Identity header", checked=False),
    "unsupported": Reason(428, "its type or its algorithm is not one that is used here", checked=False),
    "bad_syntax": Reason(438, "it cannot be read, or lacks what its type demands"),
    "info_mismatch": Reason(436, "the header's info and the token's x5u name two certificates"),
    "ppt_mismatch": Reason(438, "the header's ppt and the token's name two types"),
    "stale": Reason(403, "it was issued too long ago"),
    "future": Reason(403, "it was issued later than now"),
    "date_mismatch": Reason(403, "the call's Date and the token's iat are far apart"),
    "orig_mismatch": Reason(438, "it was issued for another caller"),
    "dest_mismatch": Reason(438, "it was issued for a call to somebody else"),
    "retargeted_without_div": Reason(438, "it was issued for a call to somebody else, and no div says why"),
    "anonymous": Reason(None, "the call shows no caller to whom it could be held", checked=False),
    "priority_mismatch": Reason(438, "it was issued for other priorities than the call asks for"),
    "bad_url": Reason(436, "no certificate is fetched from such an address", checked=False),
    "no_certificate": Reason(436, "its certificate could not be had", checked=False),
    "bad_certificate": Reason(437, "its certificate cannot be read, or has a key that is not P-256"),
    "untrusted": Reason(437, "its certificate leads to no trusted root"),
    "bad_chain": Reason(437, "a certificate between it and the root may not do what it does"),
    "expired": Reason(437, "its certificate is no longer in force"),
    "not_yet_valid": Reason(437, "its certificate is not yet in force"),
    "revoked": Reason(437, "its certificate is revoked"),
    "revocation_unknown": Reason(437, "no revocation list says whether its certificate is in force"),
    "not_authorised": Reason(437, "its certificate does not cover the number or the claim"),
    "constraint_violated": Reason(438, "it claims what its certificate rules out"),
    "bad_digest": Reason(438, "what stands at an address that it names is not what it was signed for"),
    "bad_signature": Reason(438, "it is not the work of its certificate's key"),
    "replayed": Reason(438, "it was used before, from elsewhere, for a call that was answered"),
}


def rejected(reason: str, detail: str = "") -> Rejected:
    """The rejection of this reason, with the status that belongs to it."""
    return Rejected(reason, REASONS[reason].status, detail)
