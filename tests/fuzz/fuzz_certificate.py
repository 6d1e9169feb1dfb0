"""Any bytes as certificates. Fuzz it with: python tests/fuzz/fuzz_certificate.py (needs atheris)."""

from __future__ import annotations

import base64
import sys

if __name__ == "__main__":  # before the modules under test are loaded, so that their branches are seen
    import atheris

    with atheris.instrument_imports(include=["ringfence.verify"]):
        import ringfence.verify.certificate  # noqa: F401

from cryptography import x509

from ringfence.model.rejected import Rejected
from ringfence.verify.authority import issue_test_authority
from ringfence.verify.certificate import is_signed_by, parse_certificates

#: Whole ones, to break: the library takes next to nothing of what is made up.
WHOLE = [
    base64.b64decode(b"".join(pem.splitlines()[1:-1]))
    for name, pem in issue_test_authority(1_772_366_400).items()
    if name in ("root.pem", "delegate-ca.pem", "tn.pem", "limited.pem")
]


def one_input(data: bytes) -> None:
    """Read the bytes as a file, in PEM, and in the place of other bytes of a whole certificate."""
    armoured = b"-----BEGIN CERTIFICATE-----\n" + base64.b64encode(data) + b"\n-----END CERTIFICATE-----\n"
    for octets in (data, armoured, armoured + data, _broken(data)):
        read = parse_certificates(octets)
        if isinstance(read, Rejected):
            assert (read.reason, read.status) == ("bad_certificate", 437) and "\n" not in read.detail
            continue
        for certificate in read:
            assert certificate.key is not None or certificate.key_fault
            assert hash(certificate) and certificate.subject_name is not None and certificate.pem()
            assert isinstance(certificate.x509, x509.Certificate)
            is_signed_by(certificate.x509, read[0].public_key)


def _broken(data: bytes) -> bytes:
    """One of the whole ones, with the bytes written over it, from a place that the first three say."""
    whole = WHOLE[data[0] % len(WHOLE)] if data else WHOLE[0]
    at = int.from_bytes(data[1:3]) % len(whole)
    return whole[:at] + data[3:] + whole[at + len(data[3:]) :]


if __name__ == "__main__":
    atheris.Setup(sys.argv, one_input)
    atheris.Fuzz()
