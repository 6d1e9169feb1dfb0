"""Who may speak for which number, and claim what."""

from __future__ import annotations

from typing import Any

import msgspec
import pytest
from cryptography import x509
from tests.verify.calls import LONDON, MOBILE, ROOT, TRUST
from tests.verify.pki import NOW, Issued, issue

from ringfence.verify.chain import Chain, build_chain
from ringfence.verify.constraints import ClaimConstraints
from ringfence.verify.entitlement import entitlement_fault
from ringfence.verify.policy import STRICT, Policy
from ringfence.verify.tnauthlist import TNAuthList

CODE = TNAuthList(spcs=("TEST",))
MOBILES = TNAuthList(ranges=(("447700900000", 1000),))


def chain(leaf: Issued, *others: Issued) -> Chain:
    built = build_chain(leaf.certificate, [o.certificate for o in others], TRUST, NOW)
    assert isinstance(built, Chain), built
    return built


def fault(
    found: Chain | None, identity: str = LONDON, ppt: str = "shaken", payload: bytes = b"{}", **settings: Any
) -> str:
    policy: Policy = msgspec.structs.replace(STRICT, **settings)
    rejected = entitlement_fault(found, identity, ppt, payload, policy)
    return "" if rejected is None else rejected.reason


def test_a_bare_key_may_sign_anything() -> None:
    assert fault(None) == ""


def test_a_code_covers_what_the_policy_says() -> None:
    leaf = chain(issue("Leaf", ROOT, tn_auth=CODE))
    assert fault(leaf) == ""
    table = {"spc_covers": "table", "spc_numbers": {"TEST": ("4420",)}}
    assert fault(leaf, **table) == ""
    assert fault(leaf, MOBILE, **table) == "not_authorised"
    assert fault(leaf, spc_covers="table") == "not_authorised"


def test_numbers_cover_themselves_alone() -> None:
    leaf = chain(issue("Leaf", ROOT, tn_auth=MOBILES))
    assert fault(leaf, MOBILE) == "" and fault(leaf) == "not_authorised"


def test_no_list_covers_nothing_unless_the_policy_asks_for_none() -> None:
    leaf = chain(issue("Leaf", ROOT))
    assert fault(leaf) == "not_authorised"
    assert fault(leaf, need_tn_auth_list=False) == ""


def test_a_delegate_speaks_within_its_parents_code() -> None:
    parent = issue("Provider", ROOT, ca=True, tn_auth=CODE)
    delegate = chain(issue("Delegate", parent, tn_auth=MOBILES), parent)
    assert fault(delegate, MOBILE) == ""
    table = {"spc_covers": "table", "spc_numbers": {"TEST": ("4420",)}}
    assert fault(delegate, MOBILE, **table) == "not_authorised"
    assert fault(delegate, MOBILE, spc_covers="table", spc_numbers={"TEST": ("447700",)}) == ""


@pytest.mark.parametrize(
    ("limits", "reason"),
    [
        (ClaimConstraints(permitted={"attest": ("A",)}), ""),
        (ClaimConstraints(permitted={"attest": ("B", "C")}), "constraint_violated"),
        (ClaimConstraints(must_include=("rcd",)), "constraint_violated"),
        (ClaimConstraints(must_exclude=("attest",)), "constraint_violated"),
        (ClaimConstraints(must_exclude=("rcd",)), ""),
    ],
)
def test_constraints(limits: ClaimConstraints, reason: str) -> None:
    leaf = chain(issue("Leaf", ROOT, tn_auth=CODE, limits=limits))
    assert fault(leaf, payload=b'{"attest":"A","dest":{},"iat":1,"orig":{}}') == reason


def test_priorities_are_for_named_codes() -> None:
    leaf = chain(issue("Leaf", ROOT, tn_auth=CODE))
    assert fault(leaf, ppt="rph") == "not_authorised"
    assert fault(leaf, ppt="rph", priority_signers=("OTHER",)) == "not_authorised"
    assert fault(leaf, ppt="rph", priority_signers=("TEST",)) == ""
    assert fault(chain(issue("Leaf", ROOT)), ppt="rph", priority_signers=("TEST",)) == "not_authorised"


@pytest.mark.parametrize(
    ("names", "identity", "reason"),
    [
        ([x509.DNSName("example.org")], "sip:alice@example.org", ""),
        ([x509.DNSName("Example.ORG")], "sip:alice@example.org", ""),
        ([x509.UniformResourceIdentifier("sip:example.org")], "sip:alice@example.org", ""),
        ([x509.UniformResourceIdentifier("sip:alice@example.org")], "sip:alice@example.org", ""),
        ([x509.UniformResourceIdentifier("sip:alice@example.org")], "sip:bob@example.org", "not_authorised"),
        ([x509.DNSName("example.org")], "sip:alice@sub.example.org", "not_authorised"),
        ([x509.DNSName("example.com")], "sip:alice@example.org", "not_authorised"),
        (
            # RFC 5922 section 7.1: host names count only where there is no SIP URI
            [x509.UniformResourceIdentifier("sip:example.com"), x509.DNSName("example.org")],
            "sip:alice@example.org",
            "not_authorised",
        ),
        ([], "sip:alice@example.org", "not_authorised"),
    ],
)
def test_domains(names: list[x509.GeneralName], identity: str, reason: str) -> None:
    extra = [(x509.SubjectAlternativeName(names), False)] if names else []
    leaf = chain(issue("Leaf", ROOT, tn_auth=CODE, extra=extra))
    assert fault(leaf, identity, "") == reason
