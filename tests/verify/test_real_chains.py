"""Real certificates: what is known of them holds, and those whose root is at hand lead to it."""

from __future__ import annotations

import base64
import gzip
import json
from collections import Counter
from pathlib import Path

import pytest

from ringfence.model.rejected import Rejected
from ringfence.verify.certificate import Certificate, parse_certificate
from ringfence.verify.chain import Chain, build_chain
from ringfence.verify.trust import TrustStore

pytestmark = pytest.mark.corpus

#: Issuers whose own issuer is nowhere in the corpus, and how many leafs hang from each.
NO_ROOT = {
    "TransNexus\\, Inc. SHAKEN Issuing CA3": 222,
    "TransNexus\\, Inc. SHAKEN Issuing CA1": 2,
    "Neustar Canada Certified Caller ID SHAKEN CA-2": 6,
    "Neustar UAT Canada Certified Caller ID SHAKEN CA-2": 1,
    "TMOBILE-PROD-SUB-STIRSHAKEN-EC": 1,  # the leaf's issuer itself is not there
}


def read(folder: Path, name: str) -> list[Certificate]:
    with gzip.open(folder / "certificates" / name) as lines:
        found = [parse_certificate(base64.b64decode(json.loads(line)["der_b64"])) for line in lines]
    return [certificate for certificate in found if isinstance(certificate, Certificate)]


@pytest.fixture(scope="module")
def leafs(corpus: Path) -> list[Certificate]:
    return read(corpus, "shaken-leaf.jsonl.gz")


@pytest.fixture(scope="module")
def cas(corpus: Path) -> list[Certificate]:
    return read(corpus, "shaken-ca.jsonl.gz")


def test_what_signs_calls_in_the_united_states(leafs: list[Certificate]) -> None:
    counts: Counter[str] = Counter()
    for leaf in leafs:
        counts["P-256"] += leaf.key is not None
        tn_auth = leaf.tn_auth
        counts["one code of four"] += tn_auth is not None and [len(code) for code in tn_auth.spcs] == [4]
        counts["numbers"] += tn_auth is not None and bool(tn_auth.ranges or tn_auth.numbers)
        counts["TNAuthList that cannot be read"] += bool(leaf.tn_auth_fault)
        # a CRL of the policy administrator's, which the certificate's own issuer does not sign
        counts["cRLIssuer"] += any(by for _, by in leaf.crl_points)
        counts["CRL without cRLIssuer"] += bool(leaf.crl_points) and not any(b for _, b in leaf.crl_points)
        counts["signs"] += "digitalSignature" in (leaf.key_usage or ())
    assert counts == {
        "P-256": 7966,
        "one code of four": 7959,
        "numbers": 0,
        "TNAuthList that cannot be read": 7,
        "cRLIssuer": 5648,
        "CRL without cRLIssuer": 2298,
        "signs": 7966,
    }


def test_chains_lead_to_the_roots_that_are_at_hand(leafs: list[Certificate], cas: list[Certificate]) -> None:
    trust = TrustStore(tuple(ca for ca in cas if ca.issuer_name == ca.subject_name))
    others = [ca for ca in cas if ca not in trust.roots]
    assert (len(trust.roots), len(others)) == (18, 31)
    lost: Counter[str] = Counter()
    built = 0
    for leaf in leafs:
        if leaf.tn_auth_fault:  # for whom it speaks cannot be read: no chain makes up for that
            continue
        now = (leaf.not_before + leaf.not_after) / 2
        chain = build_chain(leaf, others, trust, now)
        if isinstance(chain, Chain):
            built += 1
            assert chain.certificates[0] == leaf and chain.certificates[-1] in trust.roots
            assert chain.not_before <= now <= chain.not_after
            assert chain.authority == leaf.tn_auth
            continue
        assert isinstance(chain, Rejected) and (chain.reason, chain.status) == ("untrusted", 437), chain
        lost[leaf.issuer.split("CN=")[1].split(",OU=")[0].split(",O=")[0]] += 1
    assert built == 7727 and lost == NO_ROOT


def test_no_root_and_no_intermediate_no_chain(leafs: list[Certificate], cas: list[Certificate]) -> None:
    trust = TrustStore(tuple(ca for ca in cas if ca.issuer_name == ca.subject_name))
    for leaf in leafs[:100]:
        now = (leaf.not_before + leaf.not_after) / 2
        assert isinstance(build_chain(leaf, cas, TrustStore(()), now), Rejected)
        if not any(root.subject_name == leaf.issuer_name for root in trust.roots):
            assert isinstance(build_chain(leaf, [], trust, now), Rejected)
