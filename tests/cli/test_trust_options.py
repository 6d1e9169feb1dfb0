from __future__ import annotations

from pathlib import Path

import msgspec
import pytest
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat
from tests.verify.pki import NOW

from ringfence.cli.trust_options import (
    clock,
    credential_source,
    load_certificates,
    load_crl,
    load_policy,
    load_trust,
    read_file,
)
from ringfence.errors import ConfigError, InputError, UsageError
from ringfence.verify.authority import issue_test_authority
from ringfence.verify.credential import BareKey, Credentials, Untraced
from ringfence.verify.policy import SHAKEN, STRICT


@pytest.fixture(scope="module")
def pki(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("pki")
    for name, octets in issue_test_authority(NOW).items():
        (folder / name).write_bytes(octets)
    return folder


@pytest.mark.parametrize(
    ("text", "seconds"),
    [
        (None, None),
        ("1772366400", 1_772_366_400.0),
        ("2026-03-01T12:00:00Z", 1_772_366_400.0),
        ("2026-03-01T12:00:00", 1_772_366_400.0),
        ("2026-03-01T13:00:00+01:00", 1_772_366_400.0),
    ],
)
def test_clock(text: str | None, seconds: float | None) -> None:
    assert clock(text) == seconds


def test_a_time_that_is_none() -> None:
    with pytest.raises(UsageError, match="write 2026-"):
        clock("noon")


def test_policies(tmp_path: Path) -> None:
    assert load_policy("strict", None) == msgspec.structs.replace(STRICT, region="GB")
    assert load_policy("shaken", None) == SHAKEN
    assert load_policy("shaken", "CA").region == "CA"
    file = tmp_path / "policy.toml"
    file.write_text('base = "france"\nmax_age = 10\n')
    assert (load_policy(str(file), None).region, load_policy(str(file), None).max_age) == ("FR", 10.0)
    file.write_text("max_aeg = 10\n")
    with pytest.raises(ConfigError, match="did you mean max_age"):
        load_policy(str(file), None)
    with pytest.raises(UsageError, match="none of strict"):
        load_policy("stict", None)


def test_trust(pki: Path) -> None:
    (root,) = load_trust([pki / "root.pem"], None, NOW).roots
    assert load_trust([pki / "ca-list.jws"], pki / "sti-pa.pem", NOW).roots == (root,)
    assert len(load_trust([], None, NOW, [pki / "sti-pa.pem"]).crl_signers) == 1
    with pytest.raises(UsageError, match="--trust-signer"):
        load_trust([pki / "ca-list.jws"], None, NOW)
    with pytest.raises(InputError, match="not signed by"):
        load_trust([pki / "ca-list.jws"], pki / "root.pem", NOW)


def test_files_that_are_something_else(pki: Path, tmp_path: Path) -> None:
    assert load_crl(pki / "crl.pem").issuer
    for load in (load_crl, load_certificates):
        with pytest.raises(InputError, match=r"give a certificate|revocation list"):
            load(pki / "sp.key")
    with pytest.raises(InputError, match="check the path"):
        read_file(tmp_path / "absent")


def test_where_keys_come_from(pki: Path, tmp_path: Path) -> None:
    def source(**given: object) -> object:
        options = {
            "trust": (),
            "trust_signer": None,
            "crls": (),
            "crl_signers": (),
            "cert": None,
            "key": None,
        }
        more = {"config": None, "policy": STRICT, "signature_only": False, "now": NOW}
        return credential_source(**(options | more | given))  # type: ignore[arg-type]

    assert isinstance(source(cert=pki / "sp-chain.pem", trust=[pki / "root.pem"]), Credentials)
    assert isinstance(source(cert=pki / "sp.pem", signature_only=True), Untraced)
    public = tmp_path / "public.pem"
    for curve, fits in ((ec.SECP256R1(), True), (ec.SECP384R1(), False)):
        key = ec.generate_private_key(curve).public_key()
        public.write_bytes(key.public_bytes(Encoding.PEM, PublicFormat.SubjectPublicKeyInfo))
        if fits:
            assert isinstance(source(key=public), BareKey)
        else:
            with pytest.raises(InputError, match="P-256"):
                source(key=public)
    with pytest.raises(InputError, match="openssl pkey"):
        source(key=pki / "sp.pem")
