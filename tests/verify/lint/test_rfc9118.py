from __future__ import annotations

import base64

import pytest
from tests.verify.lint.certificates import intermediate, leaf, rules_broken, tlv

from ringfence.verify.lint.oids import Ext

#: RFC 9118, figure 1.
EXAMPLE = """
MIICpzCCAk2gAwIBAgIUH7Zd3rQ5AsvOlzLnzUHhrVhDSlswCgYIKoZIzj0EAwIw
KTELMAkGA1UEBhMCVVMxGjAYBgNVBAMMEUJPR1VTIFNIQUtFTiBST09UMB4XDTIx
MDcxNTIxNTIxNVoXDTIyMDcxNTIxNTIxNVowbDELMAkGA1UEBhMCVVMxCzAJBgNV
BAgMAlZBMRAwDgYDVQQHDAdIZXJuZG9uMR4wHAYDVQQKDBVCb2d1cyBFeGFtcGxl
IFRlbGVjb20xDTALBgNVBAsMBFZvSVAxDzANBgNVBAMMBlNIQUtFTjBZMBMGByqG
SM49AgEGCCqGSM49AwEHA0IABNR6C6nBWRA/fXTglV03aXkXy8hx9oBttVLhsTZ1
IYVRBao4OZhVf/Xv1a3xLsZ6KfdhuylSeAKuCoSbVGojYDGjggEOMIIBCjAMBgNV
HRMBAf8EAjAAMA4GA1UdDwEB/wQEAwIHgDAdBgNVHQ4EFgQUDlG3dxHyzKL/FZfS
PI7rpuueRbswHwYDVR0jBBgwFoAUlToKtrQeFrwwyXpMj1qu3TQEeoEwQgYJYIZI
AYb4QgENBDUWM1RoaXMgY2VydGlmaWNhdGUgY2Fubm90IGJlIHRydXN0ZWQgZm9y
IGFueSBwdXJwb3NlLjAWBggrBgEFBQcBGgQKMAigBhYEMTIzNDBOBggrBgEFBQcB
IQRCMECgDjAMFgpjb25maWRlbmNloSAwHjAcFgpjb25maWRlbmNlMA4MBGhpZ2gM
Bm1lZGl1baIMMAoWCHByaW9yaXR5MAoGCCqGSM49BAMCA0gAMEUCIQCbNR4QK1um
+0vq2CE1B1/W3avYeREsPi/7RKHffL+5eQIgarHot+X9Rl7SOyNBq5X5JyEMx0SQ
hRLkCY3Zoz2OCNQ=
"""


def claims(*names: bytes) -> bytes:
    return tlv(0x30, *(tlv(0x16, name) for name in names))


def constrained(value: bytes) -> bytes:
    return leaf({Ext.ENHANCED_CONSTRAINTS: (False, value)})


INCLUDE = tlv(0x30, tlv(0xA0, claims(b"rcd")))

BREAKS = {
    "e_enhanced_claim_constraints_malformed": constrained(tlv(0x30, tlv(0xA3, claims(b"rcd")))),
    "e_enhanced_claim_constraints_critical": leaf({Ext.ENHANCED_CONSTRAINTS: (True, INCLUDE)}),
    "e_enhanced_claim_constraints_in_ca": intermediate({Ext.ENHANCED_CONSTRAINTS: (False, INCLUDE)}),
    "w_enhanced_claim_constraints_base_claims": constrained(tlv(0x30, tlv(0xA0, claims(b"iat")))),
    "e_enhanced_claim_constraints_exclude_base_claims": constrained(tlv(0x30, tlv(0xA2, claims(b"dest")))),
    "e_claim_constraints_twice": leaf(
        {Ext.ENHANCED_CONSTRAINTS: (False, INCLUDE), Ext.CLAIM_CONSTRAINTS: (False, INCLUDE)}
    ),
    "w_enhanced_claim_constraints_contradict": constrained(
        tlv(0x30, tlv(0xA0, claims(b"rcd")), tlv(0xA2, claims(b"rcd")))
    ),
    "w_enhanced_claim_constraints_exclude_rcdi": constrained(tlv(0x30, tlv(0xA2, claims(b"rcdi")))),
}


@pytest.mark.parametrize("rule", BREAKS)
def test_each_rule_finds_what_breaks_it(rule: str) -> None:
    assert rule in rules_broken(BREAKS[rule])


def test_the_rfcs_example_has_no_fault_in_its_constraints() -> None:
    found = rules_broken(base64.b64decode("".join(EXAMPLE.split())))
    assert not found & BREAKS.keys()
    assert "e_atis_subject_cn_spc" not in found  # of 2021, before version 004
    assert "e_atis_ext_crl_distribution" in found


def test_fields_out_of_their_order_are_malformed() -> None:
    swapped = tlv(0x30, tlv(0xA2, claims(b"priority")), tlv(0xA0, claims(b"rcd")))
    assert "e_enhanced_claim_constraints_malformed" in rules_broken(constrained(swapped))
