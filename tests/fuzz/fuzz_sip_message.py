"""Any bytes as a SIP message. Fuzz it with: python tests/fuzz/fuzz_sip_message.py (needs atheris)."""

from __future__ import annotations

import sys

if __name__ == "__main__":  # before the modules under test are loaded, so that their branches are seen
    import atheris

    with atheris.instrument_imports(include=["ringfence.sip", "ringfence.ingest"]):
        import ringfence.ingest.invite  # noqa: F401

from ringfence.ingest.invite import describe
from ringfence.model.rejected import Rejected
from ringfence.sip.fingerprint import fingerprint
from ringfence.sip.glance import glance, glance_of
from ringfence.sip.message import looks_like_sip, message_length, parse
from ringfence.sip.validation import check

_ONCE = ("cseq", "call-id", "from", "to", "via")
_FIELDS = ("method", "status", "cseq", "call_id", "from_tag", "to_tag", "branch")


def one_input(data: bytes) -> None:
    """Parse, validate, fingerprint and describe; nothing may escape, and a glance must agree with a parse."""
    looks_like_sip(data)
    message_length(data)
    message = parse(data)
    seen = glance(data)
    if isinstance(message, Rejected):
        assert seen is None, "a glance accepts what the parser refuses"
        return
    check(message)
    described = describe(message)
    for text in (described.called, described.caller, described.network_number, described.user_agent):
        (text or "").encode()
    shape = fingerprint(message)
    if shape is not None:
        assert len(shape.value) == 16 and all(":" in part for part in shape.parts)
    # of a field that must not be repeated, and is, each may see another one
    if seen is not None and all(len(message.all(name)) == 1 for name in _ONCE):
        whole = glance_of(message)
        for name in _FIELDS:
            assert getattr(seen, name) == getattr(whole, name), name


if __name__ == "__main__":
    atheris.Setup(sys.argv, one_input)
    atheris.Fuzz()
