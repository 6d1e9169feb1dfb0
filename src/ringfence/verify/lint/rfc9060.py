"""RFC 9060 (STIR certificate delegation), as far as one certificate alone can show it.

Whether a delegate stays inside of its parent takes the chain: that is checked where chains are built.
"""

from __future__ import annotations

from ringfence.verify.lint.fields import Fields
from ringfence.verify.lint.oids import Ext
from ringfence.verify.lint.rules import Rulebook, below_root, ca

BOOK = Rulebook("RFC9060")


@BOOK.rule(
    "e_delegate_no_authority_key_identifier",
    "4",
    "a delegate names its parent's key in its key identifier",
    below_root,
)
def parent_unnamed(c: Fields) -> str | None:
    entries = c.tn_entries or ()
    delegates = bool(entries) and (c.is_ca or any(entry.kind in ("range", "one") for entry in entries))
    return (
        "nothing names the key of the parent that delegated the numbers"
        if delegates and not c.authority_key_id
        else None
    )


@BOOK.rule("n_delegate_ca", "4", "worth knowing: a CA certificate with a TNAuthList delegates numbers", ca)
def delegate_ca(c: Fields) -> str | None:
    if c.extension(Ext.TN_AUTH_LIST) is None:
        return None
    return "the certificate delegates numbers: it can issue certificates for its own, and signs no calls"
