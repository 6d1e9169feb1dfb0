"""OpenSSL's own program: signatures both ways, our test authority's chains and its revocation list."""

from __future__ import annotations

import base64
import shutil
import subprocess
from pathlib import Path

import pytest
from cryptography.hazmat.primitives.asymmetric.utils import decode_dss_signature, encode_dss_signature
from tests.peers.identity.calls import CALLER, Trial, claims

from ringfence.model.verification import Verdict
from ringfence.sip.identity import identity_value
from ringfence.verify.passport import from_base64url, signing_input, to_token

pytestmark = pytest.mark.peers


@pytest.fixture(scope="module")
def trial(tmp_path_factory: pytest.TempPathFactory) -> tuple[Trial, Path]:
    """The authority, and the folder where its files are."""
    if not shutil.which("openssl"):
        pytest.skip("not installed: openssl")
    made, folder = Trial(), tmp_path_factory.mktemp("authority")
    for name, octets in made.files.items():
        (folder / name).write_bytes(octets)
    return made, folder


def openssl(folder: Path, *words: str, data: bytes = b"") -> subprocess.CompletedProcess[bytes]:
    return subprocess.run(["openssl", *words], cwd=folder, input=data, capture_output=True, timeout=20)


def test_our_signature_holds_there(trial: tuple[Trial, Path]) -> None:
    made, folder = trial
    signed, _, signature = made.signed().partition(";")[0].rpartition(".")
    octets = from_base64url(signature.encode())
    assert octets is not None and len(octets) == 64
    der = encode_dss_signature(int.from_bytes(octets[:32]), int.from_bytes(octets[32:]))
    (folder / "ours.der").write_bytes(der)
    public = openssl(folder, "x509", "-in", "sp.pem", "-noout", "-pubkey")
    (folder / "sp.pub").write_bytes(public.stdout)
    check = ("dgst", "-sha256", "-verify", "sp.pub", "-signature", "ours.der")
    assert openssl(folder, *check, data=signed.encode()).stdout == b"Verified OK\n"
    assert openssl(folder, *check, data=signed.encode() + b"x").returncode == 1


def test_its_signature_holds_here(trial: tuple[Trial, Path]) -> None:
    made, folder = trial
    signed = signing_input("shaken", made.x5u(), claims())
    der = openssl(folder, "dgst", "-sha256", "-sign", "sp.key", data=signed).stdout
    r, s = decode_dss_signature(der)
    token = to_token(signed, r.to_bytes(32) + s.to_bytes(32))
    said = made.verify(identity_value(token, made.x5u(), "shaken"))
    assert (said.verdict, said.orig) == (Verdict.VALID, CALLER), said
    # what openssl itself writes, ASN.1, is no ES256 (RFC 7518 section 3.4)
    raw = signed.decode() + "." + base64.urlsafe_b64encode(der).rstrip(b"=").decode()
    assert made.verify(identity_value(raw, made.x5u(), "shaken")).reason == "bad_syntax"


@pytest.mark.parametrize("name", ["sp", "tn", "limited", "delegate"])
def test_it_accepts_our_chains(trial: tuple[Trial, Path], name: str) -> None:
    chain = ("verify", "-x509_strict", "-CAfile", "root.pem", "-untrusted", f"{name}-chain.pem")
    done = openssl(trial[1], *chain, f"{name}.pem")
    assert done.stdout == f"{name}.pem: OK\n".encode(), done.stderr


def test_it_reads_our_revocation_list(trial: tuple[Trial, Path]) -> None:
    made, folder = trial
    check = ("verify", "-crl_check", "-CRLfile", "crl.pem", "-CAfile", "root.pem", "-untrusted")
    assert openssl(folder, *check, "sp-chain.pem", "sp.pem").stdout == b"sp.pem: OK\n"
    revoked = openssl(folder, *check, "revoked-chain.pem", "revoked.pem")
    assert revoked.returncode == 2 and b"certificate revoked" in revoked.stderr
    assert made.verify(made.signed(name="revoked")).reason == "revoked"
    signature = openssl(folder, "crl", "-in", "crl.pem", "-noout", "-CAfile", "intermediate.pem")
    assert b"verify OK" in signature.stderr


def test_it_knows_nothing_of_numbers(trial: tuple[Trial, Path]) -> None:
    """A certificate for London numbers below a parent that has mobiles alone: a good chain to OpenSSL."""
    made, folder = trial
    chain = ("verify", "-CAfile", "root.pem", "-untrusted", "outside-chain.pem", "outside.pem")
    assert openssl(folder, *chain).returncode == 0
    signed = signing_input("shaken", made.x5u("outside"), claims(orig={"tn": "442079460123"}))
    r, s = decode_dss_signature(
        openssl(folder, "dgst", "-sha256", "-sign", "outside.key", data=signed).stdout
    )
    token = to_token(signed, r.to_bytes(32) + s.to_bytes(32))
    said = made.verify(identity_value(token, made.x5u("outside"), "shaken"), caller="442079460123")
    assert said.reason == "not_authorised", said
