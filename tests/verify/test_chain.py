"""Chains: what leads to a root, and what only looks as if it did."""

from __future__ import annotations

import msgspec
import pytest
from cryptography import x509
from cryptography.hazmat.primitives.asymmetric import ec
from tests.verify.pki import DAY, NOW, Issued, issue, raw_extension, revocation_list

from ringfence.model.rejected import Rejected
from ringfence.verify.certificate import Certificate
from ringfence.verify.chain import MAX_LENGTH, Chain, build_chain
from ringfence.verify.constraints import ClaimConstraints
from ringfence.verify.crl import Crl
from ringfence.verify.tnauthlist import TNAuthList
from ringfence.verify.trust import TrustStore

SPC = TNAuthList(spcs=("TEST",))
NUMBERS = TNAuthList(ranges=(("447700900000", 1000),))
ROOT = issue("Root", ca=True)
MIDDLE = issue("Middle", ROOT, ca=True, path_length=0)
LEAF = issue("Leaf", MIDDLE, tn_auth=SPC)
TRUST = TrustStore((ROOT.certificate,))


def build(
    leaf: Issued,
    *others: Issued,
    trust: TrustStore = TRUST,
    now: float = NOW,
    crls: tuple[Crl, ...] = (),
    require_crl: bool = False,
) -> Chain | Rejected:
    above = [issued.certificate for issued in others]
    return build_chain(leaf.certificate, above, trust, now, crls, require_crl=require_crl)


def reason(found: Chain | Rejected) -> str:
    assert isinstance(found, Rejected), found
    assert found.status == 437
    return found.reason


def names(found: Chain | Rejected) -> list[str]:
    assert isinstance(found, Chain), found
    return [certificate.subject for certificate in found.certificates]


def test_a_leaf_leads_to_its_root_over_what_came_with_it() -> None:
    found = build(LEAF, MIDDLE)
    assert names(found) == ["CN=Leaf", "CN=Middle", "CN=Root"]
    assert isinstance(found, Chain) and found.authority == SPC
    assert (found.not_before, found.not_after) == (NOW - DAY, NOW + DAY)


def test_a_chain_is_in_force_as_long_as_each_part_of_it() -> None:
    middle = issue("Middle", ROOT, ca=True, end=NOW + 60)
    found = build(issue("Leaf", middle, start=NOW - 60), middle)
    assert isinstance(found, Chain) and (found.not_before, found.not_after) == (NOW - 60, NOW + 60)


def test_an_intermediate_may_be_trusted_by_itself() -> None:
    assert names(build(LEAF, trust=TrustStore((MIDDLE.certificate,)))) == ["CN=Leaf", "CN=Middle"]


def test_a_leaf_that_is_trusted_itself_is_its_own_chain() -> None:
    assert names(build(LEAF, trust=TrustStore((LEAF.certificate,)))) == ["CN=Leaf"]


def test_nothing_is_trusted_that_no_root_signed() -> None:
    other = issue("Root", ca=True)  # the same name, another key
    assert reason(build(LEAF)) == "untrusted"
    assert reason(build(LEAF, MIDDLE, trust=TrustStore())) == "untrusted"
    assert reason(build(LEAF, MIDDLE, trust=TrustStore((other.certificate,)))) == "untrusted"
    assert reason(build(issue("Leaf"), trust=TRUST)) == "untrusted"


def test_renewed_cas_of_one_name_are_all_tried() -> None:
    old = issue("Middle", ROOT, ca=True, end=NOW - 1, key=MIDDLE.key)
    strange = issue("Middle", ROOT, ca=True)
    assert names(build(LEAF, strange, old, MIDDLE)) == ["CN=Leaf", "CN=Middle", "CN=Root"]
    assert reason(build(LEAF, old)) == "expired"


@pytest.mark.parametrize(("now", "word"), [(NOW + 2 * DAY, "expired"), (NOW - 2 * DAY, "not_yet_valid")])
def test_times(now: float, word: str) -> None:
    assert reason(build(LEAF, MIDDLE, now=now)) == word


def test_only_a_ca_issues() -> None:
    assert reason(build(issue("Leaf", LEAF), LEAF, MIDDLE)) == "bad_chain"
    unsigning = issue("Middle", ROOT, ca=True, usage=("crl_sign",))
    assert reason(build(issue("Leaf", unsigning), unsigning)) == "bad_chain"


def test_path_length_counts_the_cas_below_but_not_the_leaf() -> None:
    lower = issue("Lower", MIDDLE, ca=True)  # MIDDLE allows none
    assert reason(build(issue("Leaf", lower), lower, MIDDLE)) == "bad_chain"
    # a CA that issues its own renewal counts once (RFC 5280 section 6.1.4 l)
    renewed = issue("Middle", MIDDLE, ca=True)
    assert names(build(issue("Leaf", renewed), renewed, MIDDLE)) == [
        "CN=Leaf",
        "CN=Middle",
        "CN=Middle",
        "CN=Root",
    ]


def test_a_ca_signs_no_calls_and_a_leaf_needs_the_usage() -> None:
    assert reason(build(MIDDLE)) == "bad_chain"
    assert reason(build(issue("Leaf", ROOT, usage=("key_agreement",)))) == "bad_chain"
    assert names(build(issue("Leaf", ROOT, usage=())))  # no key usage at all forbids nothing


def test_critical_extensions_that_nobody_knows() -> None:
    strange = raw_extension("1.3.6.1.4.1.99999.1", b"\x05\x00")
    assert reason(build(issue("Leaf", ROOT, extra=[(strange, True)]))) == "bad_chain"
    assert names(build(issue("Leaf", ROOT, extra=[(strange, False)])))


def test_a_tn_auth_list_that_cannot_be_read_is_no_absent_one() -> None:
    assert reason(build(issue("Leaf", ROOT, tn_auth=b"\x30\x00"))) == "bad_certificate"


def test_delegates_stay_within_their_parent() -> None:
    parent = issue("Provider", ROOT, ca=True, tn_auth=NUMBERS)
    inside = TNAuthList(numbers=("447700900123",))
    assert names(build(issue("Delegate", parent, tn_auth=inside), parent))
    outside = TNAuthList(numbers=("442079460123",))
    assert reason(build(issue("Delegate", parent, tn_auth=outside), parent)) == "not_authorised"
    assert reason(build(issue("Delegate", parent), parent)) == "not_authorised"
    assert reason(build(issue("Delegate", parent, tn_auth=SPC), parent)) == "not_authorised"


def test_constraints_of_every_certificate_hold() -> None:
    top, low = ClaimConstraints(must_include=("attest",)), ClaimConstraints(must_exclude=("rcd",))
    parent = issue("Provider", ROOT, ca=True, limits=top)
    found = build(issue("Leaf", parent, limits=low), parent)
    assert isinstance(found, Chain) and found.constraints == (low, top)


def test_chains_end_however_many_certificates_come() -> None:
    longest = [issue("CA 0", ROOT, ca=True)]
    for number in range(1, MAX_LENGTH - 2):
        longest.append(issue(f"CA {number}", longest[-1], ca=True))
    assert len(names(build(issue("Leaf", longest[-1]), *longest))) == MAX_LENGTH
    longest.append(issue("CA too many", longest[-1], ca=True))
    assert reason(build(issue("Leaf", longest[-1]), *longest)) == "untrusted"
    # two CAs that issue each other, in many copies: names alone would go on forever
    one_key, two_key = (ec.generate_private_key(ec.SECP256R1()) for _ in range(2))
    one, two = issue("One", ca=True, key=one_key), issue("Two", ca=True, key=two_key)
    circle = [issue("One", two, ca=True, key=one_key) for _ in range(8)]
    circle += [issue("Two", one, ca=True, key=two_key) for _ in range(8)]
    assert reason(build(issue("Leaf", one), *circle)) == "untrusted"


def test_revoked_by_its_issuer() -> None:
    listed = revocation_list(MIDDLE, LEAF)
    assert reason(build(LEAF, MIDDLE, crls=(listed,))) == "revoked"
    assert reason(build(LEAF, MIDDLE, crls=(revocation_list(ROOT, MIDDLE),))) == "revoked"
    other = issue("Other", MIDDLE, tn_auth=SPC)
    assert names(build(other, MIDDLE, crls=(listed,)))


def test_nobody_else_revokes() -> None:
    impostor = issue("Middle", ca=True)  # the issuer's name, another key
    for signer in (impostor, ROOT):
        forged = revocation_list(signer, LEAF)
        assert names(build(LEAF, MIDDLE, crls=(forged,)))
    unsigning = issue("Middle", ROOT, ca=True, usage=("key_cert_sign",), key=MIDDLE.key)
    assert names(build(LEAF, unsigning, crls=(revocation_list(MIDDLE, LEAF),)))


def test_a_trusted_crl_signer_speaks_for_other_issuers() -> None:
    administrator = issue("Administrator", ca=True)
    trust = msgspec.structs.replace(TRUST, crl_signers=(administrator.certificate,))
    listed = revocation_list(administrator, LEAF, indirect=True)
    assert reason(build(LEAF, MIDDLE, trust=trust, crls=(listed,))) == "revoked"
    assert names(build(LEAF, MIDDLE, crls=(listed,)))  # not trusted: not heard
    # the serial alone, under the list's own name, is another certificate's
    assert names(build(LEAF, MIDDLE, trust=trust, crls=(revocation_list(administrator, LEAF),)))


def test_silence_of_a_list_counts_while_it_is_in_force() -> None:
    def clear(leaf: Issued, *crls: Crl, now: float = NOW) -> Chain | Rejected:
        return build(leaf, MIDDLE, now=now, crls=crls, require_crl=True)

    both = (revocation_list(MIDDLE), revocation_list(ROOT))
    assert reason(clear(LEAF)) == "revocation_unknown"
    assert reason(clear(LEAF, both[0])) == "revocation_unknown"  # nothing on MIDDLE itself
    assert names(clear(LEAF, *both))
    assert reason(clear(LEAF, *both, now=NOW + 7200)) == "revocation_unknown"
    old = revocation_list(MIDDLE, LEAF)
    assert reason(build(LEAF, MIDDLE, crls=(old,), now=NOW + 7200)) == "revoked"


def test_lists_that_leave_something_out() -> None:
    def scope(**only: bool) -> list[tuple[x509.ExtensionType, bool]]:
        fields = ("only_contains_user_certs", "only_contains_ca_certs", "only_contains_attribute_certs")
        flags = {field: only.get(field, False) for field in fields}
        point = x509.IssuingDistributionPoint(None, None, only_some_reasons=None, indirect_crl=False, **flags)
        return [(point, True)]

    of_root = revocation_list(ROOT)
    users = revocation_list(MIDDLE, extra=scope(only_contains_user_certs=True))
    cas = revocation_list(MIDDLE, extra=scope(only_contains_ca_certs=True))
    assert names(build(LEAF, MIDDLE, crls=(of_root, users), require_crl=True))
    assert reason(build(LEAF, MIDDLE, crls=(of_root, cas), require_crl=True)) == "revocation_unknown"


def test_equal_certificates_are_one() -> None:
    assert isinstance(LEAF.certificate, Certificate)
    assert names(build(LEAF, MIDDLE, MIDDLE, LEAF, ROOT)) == ["CN=Leaf", "CN=Middle", "CN=Root"]
