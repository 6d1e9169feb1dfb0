"""One test authority, and calls between numbers of nobody, for every peer."""

from __future__ import annotations

import time
from functools import cached_property
from typing import Any

import jwt
import msgspec

from ringfence.model.call import Call
from ringfence.model.fetching import Fetched
from ringfence.model.rejected import Rejected
from ringfence.model.verification import Verification
from ringfence.sip.identity import identity_value
from ringfence.verify.authority import issue_test_authority
from ringfence.verify.credential import Credentials
from ringfence.verify.crl import parse_crl
from ringfence.verify.policy import STRICT
from ringfence.verify.reasons import rejected
from ringfence.verify.signer import Signer
from ringfence.verify.trust import read_pem
from ringfence.verify.verifier import Verifier

CALLER, CALLED, VICTIM = "447700900123", "442079460456", "442079460999"
ORIGID = "7a4cd5d9-0a2f-4b0d-a1d4-6f0e8a0f1c11"
PLACE = "https://certs.example.org/"


def claims(**changes: Any) -> dict[str, Any]:
    """The claims of an honest call, issued now. A change of None leaves a claim out."""
    whole = {
        "attest": "A",
        "dest": {"tn": [CALLED]},
        "iat": int(time.time()),
        "orig": {"tn": CALLER},
        "origid": ORIGID,
    } | changes
    return {name: value for name, value in whole.items() if value is not None}


class Trial:
    """A provider of the test authority that signs, and a strict verifier that trusts the authority's root and
    fetches from no network."""

    def __init__(self) -> None:
        self.now = time.time()
        self.files = issue_test_authority(self.now)

    def x5u(self, name: str = "sp") -> str:
        return f"{PLACE}{name}-chain.pem"

    def signer(self, name: str = "sp") -> Signer:
        return Signer(
            self.files[f"{name}.key"], self.files[f"{name}-chain.pem"], self.x5u(name), now=self.now
        )

    def signed(self, caller: str = CALLER, called: str = CALLED, name: str = "sp") -> str:
        """The Identity header that we make for a call."""
        value = self.signer(name).shaken(caller, called, int(time.time()), "A", ORIGID)
        assert isinstance(value, str), value
        return value

    def written(self, name: str = "sp", x5u: str = "", **changes: Any) -> str:
        """A header with whatever claims, signed with a key of the authority by no signer of ours."""
        x5u = x5u or self.x5u(name)
        header = {"ppt": "shaken", "typ": "passport", "x5u": x5u}
        token = jwt.encode(claims(**changes), self.files[f"{name}.key"], "ES256", header)
        return identity_value(token, x5u, "shaken")

    def fetch(self, url: str, now: float) -> Fetched | Rejected:
        body = self.files.get(url.removeprefix(PLACE))
        return rejected("no_certificate", "404") if body is None else Fetched(body, now + 3600)

    @cached_property
    def verifier(self) -> Verifier:
        roots, crl = read_pem(self.files["root.pem"]), parse_crl(self.files["crl.pem"])
        assert not isinstance(roots, Rejected) and not isinstance(crl, Rejected)
        return Verifier(Credentials(self, roots, [crl]), msgspec.structs.replace(STRICT, region="GB"))

    def call(self, *identity: str, caller: str = CALLER, called: str = CALLED) -> Call:
        """A call that carries these headers."""
        target = f"sip:+{called}@called.example.org"
        return Call(target, target, f"sip:+{caller}@caller.example.org", identity=identity)

    def verify(self, *identity: str, caller: str = CALLER, called: str = CALLED) -> Verification:
        """What we say of it."""
        return self.verifier.verify(self.call(*identity, caller=caller, called=called), time.time())
