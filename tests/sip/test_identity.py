from __future__ import annotations

import base64

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ringfence.model.rejected import Rejected
from ringfence.sip.identity import Claims, IdentityHeader, identity_value, parse_identity, read_claims


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


TOKEN = "aaa.bbb.ccc"


@pytest.mark.parametrize(
    ("value", "parts"),
    [
        (f"{TOKEN};info=<https://c.ex/a>;alg=ES256;ppt=shaken", ("https://c.ex/a", "ES256", "shaken")),
        (f'{TOKEN} ; info=<https://c.example/a.pem> ;ppt="div"', ("https://c.example/a.pem", "", "div")),
        (f'{TOKEN};INFO=<https://c.ex/?a=b;c=d>;PPT="SHAKEN";x=1;y', ("https://c.ex/?a=b;c=d", "", "shaken")),
        (f'"{TOKEN}";info=<https://c.example/a.pem>', ("https://c.example/a.pem", "", "")),
        (TOKEN, ("", "", "")),
        (f"{TOKEN};", None),
        (f"{TOKEN} info=<https://c.example/a.pem>", None),
        (f"{TOKEN};info=https://c.example/a.pem", None),
        (f"{TOKEN};info=<https://c.example/a.pem", None),
        (f"{TOKEN};info=<https://a.example/>;info=<https://b.example/>", None),
        (f"{TOKEN};ppt=shaken;ppt=div", None),
        (f"{TOKEN};info=<https://c.example/a.pem>alg=ES256", None),
        ("", None),
        (";info=<https://c.example/a.pem>", None),
        ("é.b.c;info=<https://c.example/a.pem>", None),
    ],
)  # fmt: skip
def test_parts_of_a_header(value: str, parts: tuple[str, str, str] | None) -> None:
    header = parse_identity(value)
    if parts is None:
        assert isinstance(header, Rejected)
        assert header.reason == "bad_syntax"
    else:
        assert header == IdentityHeader(TOKEN, *parts)


def test_what_is_written_is_read() -> None:
    for ppt in ("", "div-o"):
        written = identity_value(TOKEN, "https://c.example/a.pem", ppt)
        assert parse_identity(written) == IdentityHeader(TOKEN, "https://c.example/a.pem", "ES256", ppt)


@given(st.text(max_size=120))
def test_no_header_raises(text: str) -> None:
    assert isinstance(parse_identity(f"{TOKEN};{text}"), IdentityHeader | Rejected)
