"""A provider, its certificate at an address, and a call that it signs."""

from __future__ import annotations

from email.utils import formatdate
from typing import Any

import msgspec
from tests.verify.pki import DAY, NOW, Issued, issue

from ringfence.model.call import Call
from ringfence.model.fetching import Fetched
from ringfence.model.rejected import Rejected
from ringfence.model.verification import Verification
from ringfence.verify.constraints import ClaimConstraints
from ringfence.verify.credential import Credentials
from ringfence.verify.policy import STRICT, Policy
from ringfence.verify.reasons import rejected
from ringfence.verify.signer import Signer
from ringfence.verify.tnauthlist import TNAuthList
from ringfence.verify.trust import TrustStore
from ringfence.verify.verifier import Verifier

LONDON, MOBILE, FORWARD, FURTHER = "442079460123", "447700900123", "447700900456", "447700900789"
ORIGID = "7a4cd5d9-0a2f-4b0d-a1d4-6f0e8a0f1c11"
IAT = int(NOW)

ROOT = issue("Root", ca=True)
TRUST = TrustStore((ROOT.certificate,))
PROVIDER = issue("Provider", ROOT, tn_auth=TNAuthList(spcs=("TEST",)))
MOBILES = issue("Mobiles", ROOT, tn_auth=TNAuthList(ranges=(("447700900000", 1000),)))
NARROW = issue(
    "Narrow", ROOT, tn_auth=TNAuthList(spcs=("TEST",)), limits=ClaimConstraints(permitted={"attest": ("B",)})
)
STRANGER = issue("Stranger", issue("Other root", ca=True), tn_auth=TNAuthList(spcs=("TEST",)))
BRITISH = msgspec.structs.replace(STRICT, region="GB")

PLACES: dict[str, Issued] = {
    f"https://certs.example.org/{name}.pem": issued
    for name, issued in {
        "provider": PROVIDER,
        "mobiles": MOBILES,
        "narrow": NARROW,
        "stranger": STRANGER,
    }.items()
}


class Shelf:
    """A fetcher that holds what stands at each address, and counts who asks."""

    def __init__(self, bodies: dict[str, bytes] | None = None, lasts: float = 3600.0) -> None:
        self.bodies = bodies or {url: issued.certificate.pem() for url, issued in PLACES.items()}
        self.asked: list[str] = []
        self.lasts = lasts

    def fetch(self, url: str, now: float) -> Fetched | Rejected:
        self.asked.append(url)
        body = self.bodies.get(url)
        return rejected("no_certificate", "404") if body is None else Fetched(body, now + self.lasts)


def signer(name: str = "provider") -> Signer:
    """Signs with the key of one of the places, whatever its certificate covers."""
    url = f"https://certs.example.org/{name}.pem"
    issued = PLACES[url]
    always = {"start": 0.0, "end": NOW + 40 * 365 * DAY}
    bare = issue("Bare", tn_auth=TNAuthList(spcs=("TEST",)), key=issued.key, **always)
    return Signer(issued.key, [bare.certificate], url, now=NOW)


def shaken(name: str = "provider", **claims: Any) -> str:
    """An Identity header of a call from LONDON to MOBILE; None leaves a claim out."""
    whole = {
        "attest": "A",
        "dest": {"tn": [MOBILE]},
        "iat": IAT,
        "orig": {"tn": LONDON},
        "origid": ORIGID,
    } | claims
    header = signer(name).sign("shaken", {k: v for k, v in whole.items() if v is not None})
    assert isinstance(header, str), header
    return header


def call(*identity: object, **values: Any) -> Call:
    """A call from LONDON to MOBILE."""
    given = {
        "request_uri": f"sip:+{MOBILE}@example.org",
        "to": f"sip:+{MOBILE}@example.org",
        "caller": f"sip:+{LONDON}@example.net",
        "date": formatdate(NOW, usegmt=True),
        "call_id": "1@example.net",
        "source": "192.0.2.1",
    } | values
    return Call(identity=tuple(str(header) for header in identity), **given)


def verifier(policy: Policy = BRITISH, shelf: Shelf | None = None, **options: Any) -> Verifier:
    return Verifier(Credentials(shelf or Shelf(), TRUST, **options), policy)


def judge(*identity: object, policy: Policy = BRITISH, now: float = NOW, **values: Any) -> Verification:
    """The strict verification of a call that carries these headers."""
    return verifier(policy).verify(call(*identity, **values), now)
