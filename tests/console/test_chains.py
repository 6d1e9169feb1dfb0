from __future__ import annotations

import json
from typing import Any

import pytest
from tests.verify.pki import DAY, NOW

from ringfence.console.chains import chain_card, chain_row
from ringfence.model.rejected import Rejected
from ringfence.verify.authority import issue_test_authority
from ringfence.verify.certificate import Certificate, parse_certificates
from ringfence.verify.crl import parse_crl
from ringfence.verify.trust import TrustStore

FILES = issue_test_authority(NOW)


def certificates(name: str) -> tuple[Certificate, ...]:
    read = parse_certificates(FILES[name])
    assert isinstance(read, tuple)
    return read


TRUST = TrustStore(certificates("root.pem"))
CRL = parse_crl(FILES["crl.pem"])


def row(name: str, trust: TrustStore = TRUST, now: float = NOW, **options: Any) -> dict[str, Any]:
    assert not isinstance(CRL, Rejected)
    found = chain_row(certificates(name), trust, now, [CRL], **options)
    json.dumps(found)
    return found


def outcomes(found: dict[str, Any]) -> list[tuple[str, str]]:
    return [(step["role"], step["outcome"]) for step in found["steps"]]


def test_a_chain_that_holds() -> None:
    found = row("delegate-chain.pem")
    assert (found["verdict"], found["reason"], found["sip_status"]) == ("valid", "", None)
    assert outcomes(found) == [
        ("root", "holds"),
        ("intermediate", "holds"),
        ("delegate CA", "holds"),
        ("delegate", "holds"),
    ]
    assert [step["trusted"] for step in found["steps"]] == [True, False, False, False]
    card = chain_card(found).plain
    assert "valid: 4 certificates, all of them to 2026-03-08" in card and "TEST ONLY ROOT" in card


@pytest.mark.parametrize(("name", "reason"), [("outside", "not_authorised"), ("revoked", "revoked")])
def test_it_breaks_at_the_leaf(name: str, reason: str) -> None:
    found = row(f"{name}-chain.pem")
    assert (found["verdict"], found["reason"], found["sip_status"]) == ("invalid", reason, 437)
    assert {outcome for _, outcome in outcomes(found)[:-1]} == {"holds"}
    assert found["steps"][-1]["outcome"] == "breaks" and found["steps"][-1]["reason"] == reason
    card = chain_card(found).plain
    assert f"invalid: {reason} 437" in card and found["steps"][-1]["detail"] in card


def test_it_breaks_at_the_top() -> None:
    found = row("sp-chain.pem", now=NOW + 8 * DAY)
    assert found["reason"] == "expired"
    assert outcomes(found) == [("root", "breaks"), ("intermediate", "hangs"), ("signer", "hangs")]


def test_there_is_no_way_to_a_root() -> None:
    found = row("sp.pem")
    assert (found["reason"], outcomes(found)) == ("untrusted", [("signer", "breaks")])
    assert "which is neither here nor trusted" in chain_card(found).plain
    found = row("sp-chain.pem", trust=TrustStore(certificates("sti-pa.pem")))
    assert outcomes(found) == [("intermediate", "breaks"), ("signer", "hangs")]
    # a root that somebody sends along is not trusted for that
    read = certificates("sp-chain.pem")
    assert isinstance(CRL, object) and not isinstance(CRL, Rejected)
    found = chain_row((*read, *certificates("root.pem")), TrustStore(()), NOW, [CRL])
    assert found["verdict"] == "invalid" and not any(step["trusted"] for step in found["steps"])
