"""Any bytes as a CA list. Fuzz it with: python tests/fuzz/fuzz_ca_list.py (needs atheris)."""

from __future__ import annotations

import sys

if __name__ == "__main__":  # before the modules under test are loaded, so that their branches are seen
    import atheris

    with atheris.instrument_imports(include=["ringfence.verify"]):
        import ringfence.verify.trust  # noqa: F401

from cryptography.hazmat.primitives.asymmetric.ec import ECDSA, EllipticCurvePrivateKey
from cryptography.hazmat.primitives.asymmetric.utils import decode_dss_signature
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.serialization import load_pem_private_key

from ringfence.model.rejected import Rejected
from ringfence.verify.authority import issue_test_authority
from ringfence.verify.certificate import parse_certificates
from ringfence.verify.passport import to_base64url
from ringfence.verify.trust import read_ca_list

NOW = 1_772_366_400
FILES = issue_test_authority(NOW)
WHOLE = FILES["ca-list.jws"]
HEADER = WHOLE.partition(b".")[0]
ROOT = FILES["root.pem"].replace(b"\n", b"\\n")

_key = load_pem_private_key(FILES["sti-pa.key"], None)
assert isinstance(_key, EllipticCurvePrivateKey)
KEY = _key
_signer = parse_certificates(FILES["sti-pa.pem"])
assert isinstance(_signer, tuple)
SIGNER = _signer[0]


def one_input(data: bytes) -> None:
    """Read the bytes as a list, over a part of a whole one, and as header and payload of one that is signed;
    only what is signed is believed."""
    at = int.from_bytes(data[:2]) % len(WHOLE)
    broken = WHOLE[:at] + data[2:] + WHOLE[at + len(data[2:]) :]
    for octets in (data, broken):
        if octets != WHOLE:
            assert isinstance(read_ca_list(octets, SIGNER, NOW), Rejected)
    listed = b'{"version":"1.0","sequence":1,"exp":1772452800,"trustList":["' + ROOT + b'"],' + data + b"}"
    for header, payload in ((HEADER, to_base64url(data)), (HEADER, to_base64url(listed))):
        read = read_ca_list(_signed(header, payload), SIGNER, NOW)
        if isinstance(read, Rejected):
            assert read.reason and "\n" not in read.detail
    read_ca_list(_signed(to_base64url(data), WHOLE.split(b".")[1]), SIGNER, NOW)


def _signed(header: bytes, payload: bytes) -> bytes:
    signed = header + b"." + payload
    r, s = decode_dss_signature(KEY.sign(signed, ECDSA(SHA256())))
    return signed + b"." + to_base64url(r.to_bytes(32) + s.to_bytes(32))


if __name__ == "__main__":
    atheris.Setup(sys.argv, one_input)
    atheris.Fuzz()
