"""Sign calls with a test authority and verify them, without a network: python examples/sign_and_verify.py

Four calls: an honest one, one whose caller was changed on the way, one by a delegate, one by a certificate
that was revoked. Each is held to the policy of SHAKEN.
"""

from __future__ import annotations

import time
import uuid

from ringfence.model.call import Call
from ringfence.model.fetching import Fetched
from ringfence.model.rejected import Rejected
from ringfence.verify.authority import issue_test_authority
from ringfence.verify.credential import Credentials
from ringfence.verify.crl import parse_crl
from ringfence.verify.policy import SHAKEN
from ringfence.verify.signer import Signer
from ringfence.verify.trust import read_pem
from ringfence.verify.verifier import Verifier

now = time.time()
files = issue_test_authority(now)


class TestFiles:
    """What would be fetched over https in earnest: here the chain files of the test authority."""

    def fetch(self, url: str, now: float) -> Fetched | Rejected:
        body = files.get(url.removeprefix("https://cert.example.test/"))
        return Fetched(body, now + 3600) if body else Rejected("no_certificate", 436, "no such file")


def signed_call(name: str, caller: str, called: str, shown: str = "") -> Call:
    """A call from one number to another, signed by NAME of the test authority, that shows a number."""
    chain = f"{name}-chain.pem"
    signer = Signer(files[f"{name}.key"], files[chain], f"https://cert.example.test/{chain}", now=now)
    header = signer.shaken(caller, called, int(now), "A", str(uuid.uuid4()))
    assert isinstance(header, str), header  # Rejected: it would not be believed, and why
    target = f"sip:+{called}@carrier.example.test;user=phone"
    return Call(target, target, f"sip:+{shown or caller}@carrier.example.test;user=phone", identity=(header,))


roots, crl = read_pem(files["root.pem"]), parse_crl(files["crl.pem"])
assert not isinstance(roots, Rejected) and not isinstance(crl, Rejected)
verifier = Verifier(Credentials(TestFiles(), roots, [crl]), SHAKEN)

victim = "447700900456"
calls = {
    "an honest call": signed_call("sp", "447700900123", victim),
    "another caller shown": signed_call("sp", "447700900123", victim, shown="442079460999"),
    "a delegate's own number": signed_call("delegate", "447700900150", victim),
    "a revoked certificate": signed_call("revoked", "447700900123", victim),
}
for words, call in calls.items():
    result = verifier.verify(call, now)
    print(f"{words}: {result.verdict.value} {result.reason or result.attestation} {result.verstat}")
