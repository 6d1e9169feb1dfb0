"""What is signed here is believed here: each type through the whole verification."""

from __future__ import annotations

from email.utils import formatdate

import msgspec
from tests.verify.pki import NOW
from tests.verify.test_signer import FORWARD, IAT, LONDON, MOBILE, ORIGID, PROVIDER, RICH, SIGNER, read

from ringfence.model.call import Call
from ringfence.model.rejected import Rejected
from ringfence.model.verification import Verdict, Verification

FURTHER = "447700900789"
SHAKEN = SIGNER.shaken(LONDON, MOBILE, IAT, "A", ORIGID)


def verify(*headers: str | Rejected, now_at: str = MOBILE) -> Verification:
    """A call to MOBILE that goes to `now_at`."""
    from ringfence.verify.credential import BareKey
    from ringfence.verify.policy import POLICIES
    from ringfence.verify.replay import ReplayMemory
    from ringfence.verify.verifier import Verifier

    call = Call(
        request_uri=f"sip:+{now_at}@example.org",
        to=f"sip:+{MOBILE}@example.org",
        caller=f"sip:+{LONDON}@example.org",
        identity=tuple(str(header) for header in headers),
        date=formatdate(IAT, usegmt=True),
    )
    policy = msgspec.structs.replace(POLICIES["strict"], region="GB")
    return Verifier(BareKey(PROVIDER.key.public_key()), policy, ReplayMemory()).verify(call, NOW + 1)


def test_every_type_is_valid() -> None:
    for header in (
        SHAKEN,
        SIGNER.plain(LONDON, MOBILE, IAT),
        SIGNER.plain(LONDON, MOBILE, IAT, compact=True),
        SIGNER.rcd(LONDON, MOBILE, IAT, RICH),
    ):
        assert verify(header).verdict is Verdict.VALID
    assert verify(SIGNER.rcd(LONDON, MOBILE, IAT, RICH)).rich == RICH
    priority = verify(SHAKEN, SIGNER.rph(LONDON, MOBILE, IAT, ["ets.0"], sph=True))
    assert priority.priority == {"rph": {"auth": ["ets.0"]}, "sph": "psap-callback"}


def test_diverted_twice() -> None:
    first = SIGNER.div(read(SHAKEN), FORWARD)
    second = SIGNER.div(read(first), FURTHER)
    found = verify(SHAKEN, second, first, now_at=FURTHER)
    assert (found.verdict, found.attestation) == (Verdict.VALID, "A")
    assert verify(SHAKEN, first, now_at=FURTHER).reason == "retargeted_without_div"
    nested = SIGNER.div_o(str(SIGNER.div_o(str(SHAKEN), FORWARD)), FURTHER)
    found = verify(nested, now_at=FURTHER)
    assert (found.verdict, found.attestation) == (Verdict.VALID, "A")
