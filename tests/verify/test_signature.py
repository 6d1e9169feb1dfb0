from __future__ import annotations

from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.asymmetric.utils import decode_dss_signature, encode_dss_signature
from cryptography.hazmat.primitives.hashes import SHA256
from hypothesis import given
from hypothesis import strategies as st

from ringfence.verify.signature import signature_holds, to_der

KEY = ec.derive_private_key(7, ec.SECP256R1())


@given(st.integers(0, 2**256 - 1), st.integers(0, 2**256 - 1))
def test_der_is_the_librarys(r: int, s: int) -> None:
    assert to_der(r.to_bytes(32) + s.to_bytes(32)) == encode_dss_signature(r, s)


@given(st.binary(max_size=100))
def test_signatures_hold_for_what_was_signed(signed: bytes) -> None:
    r, s = decode_dss_signature(KEY.sign(signed, ec.ECDSA(SHA256())))
    signature = r.to_bytes(32) + s.to_bytes(32)
    assert signature_holds(KEY.public_key(), signature, signed)
    assert not signature_holds(KEY.public_key(), signature, signed + b".")
    assert not signature_holds(KEY.public_key(), bytes(64), signed)
    assert not signature_holds(KEY.public_key(), b"\xff" * 64, signed)
