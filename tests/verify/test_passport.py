from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from ringfence.model.passport import Claims, Parties, Party, Passport
from ringfence.model.rejected import Rejected
from ringfence.verify.passport import (
    MAX_TOKEN,
    Token,
    all_claims,
    canonical_json,
    from_base64url,
    is_compact,
    open_token,
    parse_token,
    read_claims,
    signing_input,
    to_base64url,
    to_token,
)

X5U = "https://certs.example.org/sp.pem"
CLAIMS: dict[str, Any] = {
    "orig": {"tn": "442079460123"},
    "dest": {"tn": ["447700900123"]},
    "iat": 1_700_000_000,
    "attest": "A",
    "origid": "7a4cd5d9-0a2f-4b0d-a1d4-6f0e8a0f1c11",
}
SIGNATURE = bytes(range(64))


def token(ppt: str = "shaken", header: dict[str, Any] | bytes | None = None, **claims: Any) -> str:
    """A token with these claims instead of those of CLAIMS (None: left out), its signature made up."""
    payload = {k: v for k, v in (CLAIMS | claims).items() if v is not None}
    if header is None:
        return to_token(signing_input(ppt, X5U, payload), SIGNATURE)
    head = header if isinstance(header, bytes) else json.dumps(header).encode()
    signed = to_base64url(head) + b"." + to_base64url(canonical_json(payload))
    return to_token(signed, SIGNATURE)


def test_a_token_comes_back_as_it_was_made() -> None:
    passport = parse_token(token())
    assert isinstance(passport, Passport)
    assert (passport.ppt, passport.x5u, passport.signature) == ("shaken", X5U, SIGNATURE)
    assert passport.claims.attest == "A"
    assert to_token(passport.signed, passport.signature) == token()


def test_serialisation_is_the_rfcs() -> None:
    claims = Claims(Parties(uri=("sip:alice@example.com",)), 1471375418, Party("12155551212"))
    expected = b'{"dest":{"uri":["sip:alice@example.com"]},"iat":1471375418,"orig":{"tn":"12155551212"}}'
    assert canonical_json(claims) == expected
    assert canonical_json({"b": "é", "a": {"d": 1, "c": None}}) == '{"a":{"c":null,"d":1},"b":"é"}'.encode()


@pytest.mark.corpus
def test_the_rfcs_own_token_is_rebuilt_octet_for_octet(corpus: Path) -> None:
    published = (corpus / "passport/rfc8225/token_full.txt").read_text().strip()
    opened = open_token(published)
    assert isinstance(opened, Token)
    again = signing_input("", "https://cert.example.org/passport.cer", all_claims(opened.payload))
    assert again == opened.signed
    compact = (corpus / "passport/rfc8225/token_compact.txt").read_text().strip()
    assert to_token(again, opened.signature, compact=True) == compact
    assert is_compact(compact) and not is_compact(published)


@pytest.mark.parametrize(
    ("header", "reason"),
    [
        ({"alg": "HS256", "typ": "passport", "x5u": X5U}, "unsupported"),
        ({"alg": "none", "typ": "passport", "x5u": X5U}, "unsupported"),
        ({"alg": "es256", "typ": "passport", "x5u": X5U}, "unsupported"),
        ({"alg": ["ES256"], "typ": "passport", "x5u": X5U}, "unsupported"),
        ({"typ": "passport", "x5u": X5U}, "bad_syntax"),
        ({"alg": "ES256", "x5u": X5U}, "bad_syntax"),
        ({"alg": "ES256", "typ": "JWT", "x5u": X5U}, "bad_syntax"),
        ({"alg": "ES256", "typ": "passport"}, "bad_syntax"),
        ({"alg": "ES256", "typ": "passport", "x5u": 1}, "bad_syntax"),
        ({"alg": "ES256", "typ": "passport", "x5u": X5U, "ppt": ""}, "bad_syntax"),
        ({"alg": "ES256", "typ": "passport", "x5u": X5U, "ppt": ["shaken"]}, "bad_syntax"),
        ({"alg": "ES256", "typ": "passport", "x5u": X5U, "crit": ["b64"], "b64": False}, "unsupported"),
        (b'{"alg":"HS256","alg":"ES256","typ":"passport","x5u":"https://a.example/c"}', "bad_syntax"),
        (b'["ES256"]', "bad_syntax"),
        (b"{", "bad_syntax"),
        (b"\xff", "bad_syntax"),
        (b"[" * 5000, "bad_syntax"),
    ],
)
def test_headers_that_are_refused(header: dict[str, Any] | bytes, reason: str) -> None:
    rejected = parse_token(token(header=header))
    assert isinstance(rejected, Rejected)
    assert (rejected.reason, rejected.status) == (reason, 438)


def test_a_header_may_say_more_and_in_any_order() -> None:
    header = {"x5u": X5U, "typ": "passport", "kid": "1", "alg": "ES256", "ppt": "shaken"}
    assert isinstance(parse_token(token(header=header)), Passport)


@pytest.mark.parametrize("attest", ["Apple", "a", "AA", "D", "", " A", None, 1, ["A"]])
def test_attestation_is_one_of_three_letters(attest: Any) -> None:
    assert isinstance(parse_token(token(attest=attest)), Rejected)


@pytest.mark.parametrize(
    ("ppt", "claims"),
    [
        ("shaken", {"origid": None}),
        ("shaken", {"orig": None}),
        ("shaken", {"dest": None}),
        ("shaken", {"iat": None}),
        ("shaken", {"iat": "1700000000"}),
        ("shaken", {"orig": "442079460123"}),
        ("shaken", {"orig": {}}),
        ("shaken", {"orig": {"tn": "1", "uri": "sip:a@b"}}),
        ("shaken", {"orig": {"tn": ["442079460123"]}}),
        ("shaken", {"orig": {"tn": "+442079460123"}}),
        ("shaken", {"orig": {"tn": ""}}),
        ("shaken", {"orig": {"tn": "44 2079"}}),
        ("shaken", {"orig": {"uri": "alice"}}),
        ("shaken", {"dest": {"tn": "447700900123"}}),
        ("shaken", {"dest": {"tn": []}}),
        ("shaken", {"dest": {"tn": ["447700900123", "x"]}}),
        ("shaken", {"dest": {"uri": ["alice"]}}),
        ("div", {}),
        ("div", {"div": {}}),
        ("div", {"div": {"tn": "bad"}}),
        ("div-o", {"div": {"tn": "447700900123"}}),
        ("div-o", {"div": {"tn": "447700900123"}, "opt": "..abc"}),
        ("rph", {}),
        ("rph", {"rph": {"auth": "ets.0"}}),
        ("rph", {"rph": {"auth": []}}),
        ("rcd", {}),
        ("rcd", {"rcd": {"apn": "442079460123"}}),
    ],
)
def test_claims_that_are_refused(ppt: str, claims: dict[str, Any]) -> None:
    rejected = parse_token(token(ppt, **claims))
    assert isinstance(rejected, Rejected)
    assert rejected.reason == "bad_syntax"
    assert rejected.detail.startswith("claims: ")


@pytest.mark.parametrize(
    ("ppt", "claims"),
    [
        ("", {"attest": None, "origid": None}),
        ("div", {"div": {"tn": "447700900199", "hi": "1.2"}}),
        ("div-o", {"div": {"uri": "sip:a@b"}, "opt": "e30.e30.e30"}),
        ("rph", {"rph": {"auth": ["ets.0", "wps.0"]}, "sph": "psap-callback"}),
        ("rcd", {"rcd": {"nam": "Example Bank"}}),
        ("rcd", {"crn": "Your appointment"}),
        ("shaken", {"iat": 1_700_000_000.5, "extra": {"a": [1, {"b": None}]}}),
        ("shaken", {"dest": {"tn": ["159"], "uri": ["sip:a@b"]}}),
        ("something-new", {"attest": "Z"}),
    ],
)
def test_claims_that_are_read(ppt: str, claims: dict[str, Any]) -> None:
    passport = parse_token(token(ppt, **claims))
    assert isinstance(passport, Passport), passport
    assert all_claims(passport.payload) == {k: v for k, v in (CLAIMS | claims).items() if v is not None}


@pytest.mark.parametrize(
    "payload",
    [
        b'{"orig":{"tn":"1"},"dest":{"tn":["2"]},"iat":1,"orig":{"tn":"3"}}',
        b'{"orig":{"tn":"1","tn":"3"},"dest":{"tn":["2"]},"iat":1}',
        b'{"orig":{"tn":"1"},"dest":{"tn":["2"]},"iat" :1,"iat":2}',
        b'{"orig":{"tn":"1"},"dest":{"tn":["2"]},"iat":1,"\\u006frig":{"tn":"3"}}',
        b'{"orig":{"tn":"1"},"dest":{"tn":["2"]},"iat":1,"x":{"a":1,"a":2}}',
    ],
)
def test_a_name_that_comes_twice_is_refused(payload: bytes) -> None:
    assert isinstance(read_claims(payload, ""), Rejected)


@pytest.mark.parametrize(
    "text",
    [
        "",
        ".",
        "..",
        "a.b",
        "a.b.c.d",
        "é.b.c",
        "a..c",
        token() + "=",
        token() + ".x",
        token()[:-1],
        token().replace(".", "+.", 1),
        "x" * (MAX_TOKEN + 1),
    ],
)
def test_text_that_is_no_token(text: str) -> None:
    rejected = parse_token(text)
    assert isinstance(rejected, Rejected)
    assert rejected.reason == "bad_syntax"


def test_tokens_of_several_thousand_bytes_are_honest() -> None:
    long = {"nam": "Example Bank", "jcd": {"note": "x" * 6000}}
    assert isinstance(parse_token(token("rcd", rcd=long)), Passport)


@given(st.binary(max_size=200))
def test_base64url_comes_back(octets: bytes) -> None:
    assert from_base64url(to_base64url(octets)) == octets


@given(st.text(max_size=300))
def test_no_text_raises(text: str) -> None:
    assert isinstance(parse_token(text), Passport | Rejected)


_json = st.recursive(
    st.none() | st.booleans() | st.integers() | st.text(max_size=8),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=5), inner, max_size=3),
    max_leaves=8,
)


@given(st.dictionaries(st.sampled_from([*CLAIMS, "div", "opt", "rcd", "rph", "x"]), _json))
def test_no_claims_raise(claims: dict[str, Any]) -> None:
    payload = msgspec.json.encode(CLAIMS | claims)
    for ppt in ("", "shaken", "div", "div-o", "rcd", "rph"):
        read = read_claims(payload, ppt)
        assert isinstance(read, Claims | Rejected)
