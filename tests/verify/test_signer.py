from __future__ import annotations

import json
import subprocess
from pathlib import Path
from typing import Any

import msgspec
import pytest
from cryptography.hazmat.primitives import serialization
from hypothesis import given
from hypothesis import strategies as st
from tests.verify.pki import DAY, NOW, issue

from ringfence.errors import ConfigError
from ringfence.model.passport import Claims, Parties, Party, Passport
from ringfence.model.rejected import Rejected
from ringfence.sip.identity import parse_identity
from ringfence.verify.constraints import ClaimConstraints
from ringfence.verify.passport import MAX_TOKEN, all_claims, canonical_json, parse_token, signing_input
from ringfence.verify.rcd_integrity import digest
from ringfence.verify.signature import signature_holds, to_der
from ringfence.verify.signer import Signer
from ringfence.verify.tnauthlist import TNAuthList

X5U = "https://certs.example.org/sp.pem"
IAT = int(NOW)
LONDON, MOBILE, FORWARD = "442079460123", "447700900123", "447700900456"
ORIGID = "7a4cd5d9-0a2f-4b0d-a1d4-6f0e8a0f1c11"

PROVIDER = issue("TEST SP", tn_auth=TNAuthList(spcs=("TEST",)))
NUMBERS = issue("NUMBERS", tn_auth=TNAuthList(ranges=(("442079460000", 1000),)))


def signer(issued: Any = PROVIDER, **options: Any) -> Signer:
    return Signer(issued.key, [issued.certificate], X5U, **{"now": NOW} | options)


SIGNER = signer()


def read(value: str | Rejected, issued: Any = PROVIDER) -> Passport:
    """The token of a header, its signature checked."""
    assert isinstance(value, str), value
    header = parse_identity(value)
    assert not isinstance(header, Rejected)
    assert (header.info, header.alg) == (X5U, "ES256")
    passport = parse_token(header.token)
    assert isinstance(passport, Passport), passport
    assert passport.ppt == header.ppt and passport.x5u == X5U
    assert signature_holds(issued.certificate.key, passport.signature, passport.signed)
    return passport


def refused(value: str | Rejected) -> str:
    assert isinstance(value, Rejected) and value.status is None and "\n" not in value.detail, value
    return value.reason


def test_shaken_is_canonical() -> None:
    passport = read(SIGNER.shaken("+" + LONDON, "+" + MOBILE, IAT, "A", ORIGID))
    assert passport.ppt == "shaken"
    assert passport.payload == (
        b'{"attest":"A","dest":{"tn":["447700900123"]},"iat":%d,"orig":{"tn":"442079460123"},'
        b'"origid":"7a4cd5d9-0a2f-4b0d-a1d4-6f0e8a0f1c11"}' % IAT
    )
    assert passport.signed == signing_input("shaken", X5U, all_claims(passport.payload))


def test_plain_full_and_compact() -> None:
    passport = read(SIGNER.plain(LONDON, [MOBILE, "sip:bob@example.org"], IAT))
    assert passport.ppt == ""
    assert passport.claims.dest == Parties((MOBILE,), ("sip:bob@example.org",))
    compact = SIGNER.plain(LONDON, MOBILE, IAT, compact=True)
    assert isinstance(compact, str)
    header = parse_identity(compact)
    assert not isinstance(header, Rejected)
    assert header.token.startswith("..") and not header.ppt and len(header.token) == 88
    claims = {"dest": {"tn": [MOBILE]}, "iat": IAT, "orig": {"tn": LONDON}}
    assert refused(SIGNER.sign("shaken", claims, compact=True)) == "bad_syntax"


RFC_8225_APPENDIX_A = (
    "eyJhbGciOiJFUzI1NiIsInR5cCI6InBhc3Nwb3J0IiwieDV1IjoiaHR0cHM6Ly9jZXJ0LmV4YW1wbGUub3JnL3Bhc3Nwb3J0LmNlciJ9."
    "eyJkZXN0Ijp7InVyaSI6WyJzaXA6YWxpY2VAZXhhbXBsZS5jb20iXX0sImlhdCI6MTQ3MTM3NTQxOCwib3JpZyI6eyJ0biI6IjEyMTU1"
    "NTUxMjEyIn19"
)
RFC_8946_SECTION_3 = (
    "eyJhbGciOiJFUzI1NiIsInBwdCI6ImRpdiIsInR5cCI6InBhc3Nwb3J0IiwieDV1IjoiaHR0cHM6Ly93d3cuZXhhbXBsZS5jb20vY2Vy"
    "dC5jZXIifQ.eyJkZXN0Ijp7InRuIjpbIjEyMTU1NTUxMjE0Il19LCJkaXYiOnsidG4iOiIxMjE1NTU1NTEyMTMifSwiaWF0IjoxNDQzM"
    "jA4MzQ1LCJvcmlnIjp7InRuIjoiMTIxNTU1NTEyMTIifX0"
)


@pytest.mark.parametrize(
    ("ppt", "x5u", "claims", "octets"),
    [
        (
            "",
            "https://cert.example.org/passport.cer",
            {"orig": {"tn": "12155551212"}, "dest": {"uri": ["sip:alice@example.com"]}, "iat": 1471375418},
            RFC_8225_APPENDIX_A,
        ),
        (
            "div",
            "https://www.example.com/cert.cer",
            {
                "orig": {"tn": "12155551212"},
                "div": {"tn": "121555551213"},
                "iat": 1443208345,
                "dest": {"tn": ["12155551214"]},
            },
            RFC_8946_SECTION_3,
        ),
    ],
)
def test_the_octets_are_those_of_the_standards(
    ppt: str, x5u: str, claims: dict[str, Any], octets: str
) -> None:
    iat = float(claims["iat"])
    then = issue("THEN", tn_auth=TNAuthList(spcs=("TEST",)), start=iat - DAY, end=iat + DAY)
    value = Signer(then.key, [then.certificate], x5u, now=iat).sign(ppt, claims)
    assert isinstance(value, str) and value.startswith(octets + ".")


RICH = {
    "rcd": {"nam": "Bänk", "icn": "https://example.org/i.png"},
    "rcdi": {"/icn": digest(b"png")},
    "crn": "why",
}


def test_rich_call_data_alone_and_inside_shaken() -> None:
    alone = read(SIGNER.rcd(LONDON, MOBILE, IAT, RICH))
    assert (alone.ppt, alone.claims.rcd, alone.claims.crn) == ("rcd", RICH["rcd"], "why")
    # names are in order inside too, and UTF-8 is not escaped
    assert '"rcd":{"icn":"https://example.org/i.png","nam":"Bänk"}'.encode() in alone.payload
    inside = read(SIGNER.shaken(LONDON, MOBILE, IAT, "A", ORIGID, rich=RICH | {"other": 1}))
    assert (inside.ppt, inside.claims.rcdi) == ("shaken", RICH["rcdi"])
    assert set(all_claims(inside.payload)) == {
        *["attest", "dest", "iat", "orig", "origid", "rcd", "rcdi", "crn"]
    }


def test_priorities() -> None:
    passport = read(SIGNER.rph(LONDON, MOBILE, IAT, ["esnet.1"], sph=True))
    assert (passport.claims.rph, passport.claims.sph) == ({"auth": ["esnet.1"]}, "psap-callback")
    assert read(SIGNER.rph(LONDON, MOBILE, IAT, ["ets.0"])).claims.sph is None
    assert refused(SIGNER.rph(LONDON, MOBILE, IAT, [])) == "bad_syntax"
    assert refused(signer(NUMBERS).rph(LONDON, MOBILE, IAT, ["ets.0"])) == "not_authorised"
    claims = {"dest": {"tn": [MOBILE]}, "iat": IAT, "orig": {"tn": LONDON}, "rph": {"auth": ["ets.0"]}}
    assert refused(SIGNER.sign("rph", claims | {"sph": "emergency"})) == "bad_syntax"


def test_a_diversion_names_who_forwarded() -> None:
    received = read(SIGNER.shaken(LONDON, MOBILE, IAT, "A", ORIGID))
    div = read(SIGNER.div(received, FORWARD))
    assert div.ppt == "div"
    assert all_claims(div.payload) == {
        "orig": {"tn": LONDON},
        "dest": {"tn": [FORWARD]},
        "div": {"tn": MOBILE},
        "iat": IAT,
    }
    again = read(SIGNER.div(div, "sip:bob@example.org", IAT + 5, hi="1.1"))
    assert again.claims.div == Party(tn=FORWARD, hi="1.1") and again.claims.iat == IAT + 5
    assert again.claims.orig == received.claims.orig


def test_a_diversion_is_signed_by_whom_it_diverts() -> None:
    mobiles = issue("MOBILES", tn_auth=TNAuthList(ranges=(("447700900000", 1000),)))
    received = read(SIGNER.shaken(LONDON, MOBILE, IAT, "A", ORIGID))
    assert read(signer(mobiles).div(received, FORWARD), mobiles).claims.div == Party(tn=MOBILE)
    assert refused(signer(NUMBERS).div(received, FORWARD)) == "not_authorised"
    assert refused(signer(mobiles).plain(LONDON, MOBILE, IAT)) == "not_authorised"


def test_diversions_that_are_none() -> None:
    one = Claims(Parties((MOBILE,)), IAT, Party(LONDON))
    two = Claims(Parties((MOBILE, "442079460999")), IAT, Party(LONDON))
    assert refused(SIGNER.div(one, "+" + MOBILE)) == "dest_mismatch"
    assert refused(SIGNER.div(one, FORWARD, by=FORWARD)) == "dest_mismatch"
    assert refused(SIGNER.div(two, FORWARD)) == "bad_syntax"
    assert read(SIGNER.div(two, FORWARD, by="+" + MOBILE)).claims.div == Party(MOBILE)
    claims = {"dest": {"tn": [MOBILE]}, "div": {"tn": FORWARD}, "iat": IAT, "orig": {"tn": LONDON}}
    assert refused(SIGNER.sign("div", claims | {"opt": "a.b.c"})) == "bad_syntax"


def test_div_o_nests() -> None:
    first = SIGNER.shaken(LONDON, MOBILE, IAT, "A", ORIGID)
    assert isinstance(first, str)
    second = SIGNER.div_o(first, FORWARD)
    outer = read(second)
    assert outer.ppt == "div-o" and outer.claims.opt == first.partition(";")[0]
    third = read(SIGNER.div_o(str(second), "+15550100"))
    assert third.claims.opt == str(second).partition(";")[0]
    assert third.claims.div == Party(FORWARD) and third.claims.orig == Party(LONDON)
    compact = SIGNER.plain(LONDON, MOBILE, IAT, compact=True)
    assert refused(SIGNER.div_o(str(compact), FORWARD)) == "bad_syntax"
    assert refused(SIGNER.div_o("nothing;=", FORWARD)) == "bad_syntax"
    assert refused(SIGNER.div_o("a.b.c", FORWARD)) == "bad_syntax"
    assert refused(SIGNER.div_o(first, MOBILE)) == "dest_mismatch"


def test_nothing_is_signed_beyond_the_certificate() -> None:
    ranged = signer(NUMBERS)
    read(ranged.shaken(LONDON, MOBILE, IAT, "A", ORIGID), NUMBERS)
    assert refused(ranged.shaken(MOBILE, LONDON, IAT, "A", ORIGID)) == "not_authorised"
    assert refused(ranged.shaken("sip:alice@example.org", LONDON, IAT, "A", ORIGID)) == "not_authorised"
    limited = issue(
        "LIMITED",
        tn_auth=TNAuthList(spcs=("TEST",)),
        limits=ClaimConstraints(("attest",), {"attest": ("B", "C")}, ("crn",)),
    )
    few = signer(limited)
    read(few.shaken(LONDON, MOBILE, IAT, "B", ORIGID), limited)
    assert refused(few.shaken(LONDON, MOBILE, IAT, "A", ORIGID)) == "constraint_violated"
    assert refused(few.shaken(LONDON, MOBILE, IAT, "B", ORIGID, rich=RICH)) == "constraint_violated"
    assert refused(few.plain(LONDON, MOBILE, IAT)) == "constraint_violated"


def test_nothing_is_signed_outside_the_certificates_validity() -> None:
    assert refused(SIGNER.shaken(LONDON, MOBILE, int(NOW + 2 * DAY), "A", ORIGID)) == "expired"
    assert refused(SIGNER.shaken(LONDON, MOBILE, int(NOW - 2 * DAY), "A", ORIGID)) == "not_yet_valid"


def test_a_key_that_is_another_certificates_is_refused_at_start() -> None:
    with pytest.raises(ConfigError, match="not that of certificate"):
        Signer(NUMBERS.key, [PROVIDER.certificate], X5U, now=NOW)


@pytest.mark.parametrize(
    ("ppt", "change", "reason"),
    [
        ("shaken", {"attest": "Apple"}, "bad_syntax"),
        ("shaken", {"attest": None}, "bad_syntax"),
        ("shaken", {"origid": ""}, "bad_syntax"),
        ("shaken", {"iat": "1700000000"}, "bad_syntax"),
        ("shaken", {"orig": {"tn": "+442079460123"}}, "bad_syntax"),
        ("shaken", {"orig": {"tn": "alice"}}, "bad_syntax"),
        ("shaken", {"dest": {}}, "bad_syntax"),
        ("shaken", {"extra": object()}, "bad_syntax"),
        ("shaken", {"extra": "x" * MAX_TOKEN}, "bad_syntax"),
        ("rcd", {}, "bad_syntax"),
        ("rcd", {"rcd": {"nam": "x", "icn": "http://example.org/"}}, "bad_syntax"),
        ("div", {}, "bad_syntax"),
        ("msgi", {}, "unsupported"),
    ],
)
def test_what_a_verifier_would_not_read_is_not_signed(ppt: str, change: dict[str, Any], reason: str) -> None:
    claims: dict[str, Any] = {
        "attest": "A",
        "dest": {"tn": [MOBILE]},
        "iat": IAT,
        "orig": {"tn": LONDON},
        "origid": ORIGID,
    }
    assert refused(SIGNER.sign(ppt, claims | change)) == reason


NUMBER = st.from_regex(r"[1-9][0-9]{5,14}", fullmatch=True)
JSON = st.recursive(
    st.none() | st.booleans() | st.integers(-(2**53), 2**53) | st.text(max_size=20),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=8), inner, max_size=3),
    max_leaves=6,
)


@given(orig=NUMBER, dest=st.lists(NUMBER, min_size=1, max_size=3), card=st.dictionaries(st.text(), JSON))
def test_what_is_signed_comes_back(orig: str, dest: list[str], card: dict[str, Any]) -> None:
    rich = {"rcd": card | {"nam": "Ringfence"}}
    passport = read(SIGNER.rcd(orig, dest, IAT, rich))
    assert passport.claims.orig == Party(orig) and passport.claims.dest.tn == tuple(dest)
    claims = json.loads(passport.payload)
    assert claims["rcd"] == rich["rcd"]
    assert passport.payload == canonical_json(claims)


def test_openssl_agrees(tmp_path: Path) -> None:
    passport = read(SIGNER.shaken(LONDON, MOBILE, IAT, "A", ORIGID))
    public = PROVIDER.key.public_key().public_bytes(
        serialization.Encoding.PEM, serialization.PublicFormat.SubjectPublicKeyInfo
    )
    for name, octets in (("k", public), ("s", to_der(passport.signature)), ("t", passport.signed)):
        (tmp_path / name).write_bytes(octets)
    done = subprocess.run(
        ["openssl", "dgst", "-sha256", "-verify", "k", "-signature", "s", "t"],
        cwd=tmp_path,
        capture_output=True,
        text=True,
    )
    assert done.stdout.strip() == "Verified OK"


def test_values_are_structs_of_the_model() -> None:
    received = Claims(Parties((MOBILE,)), IAT, Party(uri="sip:alice@example.org"))
    assert msgspec.to_builtins(read(SIGNER.div(received, FORWARD)).claims.orig) == {
        "uri": "sip:alice@example.org"
    }
