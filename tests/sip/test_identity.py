from __future__ import annotations

import base64

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ringfence.sip.identity import Claims, read_claims


def token(payload: bytes) -> str:
    return "e30." + base64.urlsafe_b64encode(payload).decode().rstrip("=") + ".c2ln"


def test_claims_of_a_full_token() -> None:
    value = token(b'{"attest":"a","origid":"id-1","orig":{"tn":"442079460123"}}')
    assert read_claims(value + ";info=<https://example.com/c.pem>;alg=ES256;ppt=shaken") == Claims(
        "A", "id-1", "https://example.com/c.pem"
    )


@pytest.mark.parametrize(
    "value",
    ["", "..sig;info=<x>", "a.b", "e30.!!!.x", token(b"not json"), token(b'{"attest":5}'), token(b"[" * 5000),
     token(b'{"origid":"' + b"x" * 20_000 + b'"}')],
)  # fmt: skip
def test_what_carries_no_claims(value: str) -> None:
    assert read_claims(value) is None


def test_an_unknown_attestation_is_none() -> None:
    assert read_claims(token(b'{"attest":"Z"}')) == Claims()


@given(st.text(max_size=60), st.binary(max_size=60))
def test_anything_is_survived(text: str, payload: bytes) -> None:
    read_claims(text)
    read_claims(token(payload))
