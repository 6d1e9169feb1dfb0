"""Libraries of others that sign and verify JWTs: their tokens hold here, ours hold there."""

from __future__ import annotations

import hmac
import time
from typing import Any

import jwt
import pytest
from cryptography.x509 import load_pem_x509_certificate
from joserfc import jws
from joserfc.jwk import ECKey
from joserfc.registry import HeaderParameter
from tests.peers.identity.calls import CALLED, CALLER, ORIGID, VICTIM, Trial, claims

from ringfence.model.verification import Verdict
from ringfence.sip.identity import identity_value
from ringfence.verify.passport import canonical_json, to_base64url

# joserfc signs no header that it was not told of
WITH_PPT = jws.JWSRegistry({"ppt": HeaderParameter("PASSporT type", "str")}, ["ES256"])
HEADER = {"alg": "ES256", "ppt": "shaken", "typ": "passport"}


@pytest.fixture(scope="module")
def trial() -> Trial:
    return Trial()


def by_pyjwt(key: bytes, header: dict[str, str], payload: dict[str, Any]) -> str:
    return jwt.encode(payload, key, "ES256", header)


def by_joserfc(key: bytes, header: dict[str, str], payload: dict[str, Any]) -> str:
    return jws.serialize_compact(header, canonical_json(payload), ECKey.import_key(key), registry=WITH_PPT)


SIGN = pytest.mark.parametrize("sign", [by_pyjwt, by_joserfc])


def header_of(trial: Trial, sign: Any, name: str = "sp", **changes: Any) -> str:
    """An Identity header whose token a peer signed with a key of the authority."""
    header = HEADER | {"x5u": trial.x5u(name)}
    return identity_value(
        sign(trial.files[f"{name}.key"], header, claims(**changes)), trial.x5u(name), "shaken"
    )


@SIGN
def test_their_tokens_hold_here(trial: Trial, sign: Any) -> None:
    for name in ("sp", "tn"):
        said = trial.verify(header_of(trial, sign, name))
        assert (said.verdict, said.attestation, said.orig) == (Verdict.VALID, "A", CALLER), said
    # members in another order and claims of their own are under the signature like the rest
    said = trial.verify(header_of(trial, sign, zebra=1, aardvark={"a": [1, 2]}))
    assert said.verdict is Verdict.VALID, said


@SIGN
@pytest.mark.parametrize(
    ("changes", "reason"),
    [
        ({"orig": {"tn": "447700900124"}}, "orig_mismatch"),
        ({"dest": {"tn": [VICTIM]}}, "dest_mismatch"),
        ({"iat": int(time.time()) - 86_400}, "stale"),
        ({"iat": int(time.time()) + 315_360_000}, "future"),
        ({"iat": str(int(time.time()))}, "bad_syntax"),
        ({"attest": "Apple"}, "bad_syntax"),
        ({"orig": {"tn": f"+{CALLER}"}}, "bad_syntax"),
        ({"origid": None}, "bad_syntax"),
    ],
)
def test_what_they_sign_is_no_proof_of_everything(
    trial: Trial, sign: Any, changes: dict[str, Any], reason: str
) -> None:
    assert trial.verify(header_of(trial, sign, **changes)).reason == reason


@SIGN
def test_another_key_does_not_hold(trial: Trial, sign: Any) -> None:
    header = HEADER | {"x5u": trial.x5u("sp")}
    token = sign(trial.files["tn.key"], header, claims())
    assert trial.verify(identity_value(token, trial.x5u("sp"), "shaken")).reason == "bad_signature"


@pytest.mark.parametrize("alg", ["HS256", "none"])
def test_a_secret_is_no_signature(trial: Trial, alg: str) -> None:
    """HMAC with what everybody can fetch as its secret: the oldest forgery of JWTs. Made by hand, since
    neither library makes it of a certificate."""
    parts = (HEADER | {"alg": alg, "x5u": trial.x5u()}, claims())
    signed = b".".join(to_base64url(canonical_json(part)) for part in parts)
    mac = hmac.digest(trial.files["sp.pem"], signed, "sha256") if alg == "HS256" else b""
    token = (signed + b"." + to_base64url(mac)).decode()
    for unsaid in ("", ";alg=ES256"):
        value = f"{token};info=<{trial.x5u()}>{unsaid};ppt=shaken"
        assert trial.verify(value).reason == "unsupported"


def test_ours_hold_there(trial: Trial) -> None:
    token = trial.signed().partition(";")[0]
    public = load_pem_x509_certificate(trial.files["sp.pem"]).public_key()

    said = jwt.decode_complete(token, public, ["ES256"])
    assert said["header"] == HEADER | {"x5u": trial.x5u()}
    payload = said["payload"]
    assert payload == claims(iat=payload["iat"]) and payload["dest"] == {"tn": [CALLED]}
    assert payload["origid"] == ORIGID

    key = ECKey.import_key(trial.files["sp.key"])
    again = jws.deserialize_compact(token.encode(), key, registry=WITH_PPT)
    assert again.headers() == said["header"]
    assert again.payload == canonical_json(payload)

    other = load_pem_x509_certificate(trial.files["tn.pem"]).public_key()
    with pytest.raises(jwt.InvalidSignatureError):
        jwt.decode(token, other, ["ES256"])
