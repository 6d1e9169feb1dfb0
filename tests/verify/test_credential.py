"""Certificates are fetched, read and traced once; what cannot be used says why."""

from __future__ import annotations

from cryptography.hazmat.primitives.asymmetric import ec
from tests.verify.calls import BRITISH, LONDON, MOBILE, ORIGID, PROVIDER, ROOT, STRANGER, TRUST, Shelf, call
from tests.verify.pki import DAY, NOW, issue, revocation_list

from ringfence.model.verification import Verdict
from ringfence.verify.credential import REFUSED_SECONDS, BareKey, Credentials, Untraced
from ringfence.verify.signer import Signer
from ringfence.verify.tnauthlist import TNAuthList
from ringfence.verify.trust import TrustStore
from ringfence.verify.verifier import Verifier

URL = "https://certs.example.org/provider.pem"
STRANGE = "https://certs.example.org/stranger.pem"


def test_one_fetch_for_many_calls() -> None:
    shelf = Shelf()
    credentials = Credentials(shelf, TRUST)
    assert not credentials.known(URL, NOW)
    first = credentials.get(URL, NOW)
    assert first.credential is not None and first.credential.signer == "TEST"
    assert credentials.known(URL, NOW + 1) and credentials.get(URL, NOW + 1) is first
    assert shelf.asked == [URL]
    assert credentials.get(URL, NOW + 3601).credential is not None and len(shelf.asked) == 2


def test_the_whole_chain_is_kept() -> None:
    """The second call must not fail for want of the intermediate that came with the first."""
    middle = issue("Middle", ROOT, ca=True)
    leaf = issue("Leaf", middle, tn_auth=TNAuthList(spcs=("TEST",)))
    shelf = Shelf({URL: leaf.certificate.pem() + middle.certificate.pem()})
    credentials = Credentials(shelf, TRUST)
    for _ in range(2):
        found = credentials.get(URL, NOW).credential
        assert found is not None and found.chain is not None and len(found.chain.certificates) == 3


def test_what_is_refused_is_asked_for_again_soon() -> None:
    shelf = Shelf()
    credentials = Credentials(shelf, TRUST)
    found = credentials.get(STRANGE, NOW)
    assert found.credential is None and found.at_chain
    assert found.fault is not None and found.fault.reason == "untrusted"
    assert credentials.known(STRANGE, NOW + REFUSED_SECONDS - 1)
    assert not credentials.known(STRANGE, NOW + REFUSED_SECONDS)


def test_failed_fetches_are_the_fetchers_to_remember() -> None:
    credentials = Credentials(Shelf({"https://a.example/": b""}), TRUST)
    found = credentials.get(URL, NOW)
    assert found.fault is not None and (found.fault.reason, found.at_chain) == ("no_certificate", False)
    assert not credentials.known(URL, NOW)


def test_keys_that_es256_cannot_use() -> None:
    wrong = issue("Wrong", ROOT, key=ec.generate_private_key(ec.SECP384R1()))
    found = Credentials(Shelf({URL: wrong.certificate.pem()}), TRUST).get(URL, NOW)
    assert found.fault is not None and (found.fault.reason, found.at_chain) == ("bad_certificate", False)


def test_other_roots_hold_at_once() -> None:
    credentials = Credentials(Shelf(), TRUST)
    assert credentials.get(URL, NOW).credential is not None
    credentials.reload(TrustStore())
    assert credentials.get(URL, NOW).credential is None
    credentials.reload(TRUST, [revocation_list(ROOT, PROVIDER)])
    fault = credentials.get(URL, NOW).fault
    assert fault is not None and fault.reason == "revoked"


def test_memory_is_bounded() -> None:
    body = PROVIDER.certificate.pem()
    shelf = Shelf({f"https://certs.example.org/{n}": body for n in range(100)})
    credentials = Credentials(shelf, TRUST, size=10)
    for n in range(100):
        credentials.get(f"https://certs.example.org/{n}", NOW)
    assert sum(credentials.known(url, NOW) for url in shelf.bodies) == 10


def test_a_list_that_says_nothing_where_one_is_needed() -> None:
    found = Credentials(Shelf(), TRUST, need_revocation_list=True).get(URL, NOW)
    assert found.fault is not None and found.fault.reason == "revocation_unknown"
    clear = [revocation_list(ROOT)]
    assert Credentials(Shelf(), TRUST, clear, need_revocation_list=True).get(URL, NOW).credential is not None


def test_untraced_certificates_and_bare_keys() -> None:
    found = Untraced(Shelf()).get(STRANGE, NOW + 100 * DAY).credential
    assert found is not None and found.chain is None
    assert Untraced(Shelf({URL: b"x"})).get(URL, NOW).fault is not None
    assert Untraced(Shelf({URL: b"x"})).get(STRANGE, NOW).fault is not None
    bare = BareKey(STRANGER.key.public_key()).get("anything", NOW).credential
    assert bare is not None and bare.chain is None


class Renewing(Shelf):
    """A shelf that renews at once."""

    def __init__(self) -> None:
        super().__init__()
        self.renewed: list[str] = []

    def renew(self, url: str, now: float) -> None:
        self.renewed.append(url)


def test_a_certificate_that_was_replaced_at_its_address() -> None:
    shelf = Renewing()
    judges = Verifier(Credentials(shelf, TRUST), BRITISH)
    before = judges.credentials.get(URL, NOW)
    new = issue("Provider", ROOT, tn_auth=TNAuthList(spcs=("TEST",)))
    shelf.bodies[URL] = new.certificate.pem()
    header = Signer(new.key, [new.certificate], URL, now=NOW).shaken(LONDON, MOBILE, int(NOW), "A", ORIGID)
    assert judges.verify(call(header), NOW).reason == "bad_signature"
    assert shelf.renewed == [URL]
    assert judges.verify(call(header), NOW).verdict is Verdict.VALID
    assert judges.credentials.get(URL, NOW) is not before


def test_octets_that_are_the_same_are_not_read_again() -> None:
    shelf = Renewing()
    credentials = Credentials(shelf, TRUST)
    first = credentials.get(URL, NOW)
    credentials.doubt(URL, NOW)
    assert credentials.get(URL, NOW) is first and shelf.asked == [URL, URL]
    credentials.doubt(STRANGE, NOW)
    assert shelf.renewed == [URL]  # what is not known is not in doubt
