"""Any bytes as a revocation list. Fuzz it with: python tests/fuzz/fuzz_crl.py (needs atheris)."""

from __future__ import annotations

import base64
import sys

if __name__ == "__main__":  # before the modules under test are loaded, so that their branches are seen
    import atheris

    with atheris.instrument_imports(include=["ringfence.verify"]):
        import ringfence.verify.chain  # noqa: F401

from ringfence.model.rejected import Rejected
from ringfence.verify.authority import issue_test_authority
from ringfence.verify.certificate import Certificate, parse_certificates
from ringfence.verify.chain import Chain, build_chain
from ringfence.verify.crl import parse_crl
from ringfence.verify.trust import TrustStore

NOW = 1_772_366_400
FILES = issue_test_authority(NOW)


def _read(name: str) -> tuple[Certificate, ...]:
    read = parse_certificates(FILES[name])
    assert isinstance(read, tuple)
    return read


TRUST = TrustStore(_read("root.pem"), _read("sti-pa.pem"))
SIGNER, REVOKED = _read("sp-chain.pem"), _read("revoked-chain.pem")

#: Whole ones, to break.
WHOLE = [base64.b64decode(b"".join(FILES[n].splitlines()[1:-1])) for n in ("crl.pem", "sti-pa-crl.pem")]


def one_input(data: bytes) -> None:
    """Read the bytes as a list, and over a part of a whole one. What is not signed as it stands revokes
    nobody, and pardons nobody that a good list revokes."""
    broken = _broken(data)
    armoured = b"-----BEGIN X509 CRL-----\n" + base64.b64encode(data) + b"\n-----END X509 CRL-----\n"
    for octets in (data, armoured, broken):
        crl = parse_crl(octets)
        if isinstance(crl, Rejected):
            assert crl.reason and "\n" not in crl.detail
            continue
        crl.revoked(REVOKED[0])
        if octets not in WHOLE:
            assert isinstance(build_chain(SIGNER[0], SIGNER[1:], TRUST, NOW, [crl]), Chain)
            good = parse_crl(WHOLE[0])
            assert not isinstance(good, Rejected)
            refused = build_chain(REVOKED[0], REVOKED[1:], TRUST, NOW, [crl, good])
            assert isinstance(refused, Rejected) and refused.reason == "revoked"


def _broken(data: bytes) -> bytes:
    """One of the whole ones, with the bytes written over it, from a place that the first three say."""
    whole = WHOLE[data[0] % len(WHOLE)] if data else WHOLE[0]
    at = int.from_bytes(data[1:3]) % len(whole)
    return whole[:at] + data[3:] + whole[at + len(data[3:]) :]


if __name__ == "__main__":
    atheris.Setup(sys.argv, one_input)
    atheris.Fuzz()
