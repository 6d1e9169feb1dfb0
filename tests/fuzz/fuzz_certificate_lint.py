"""Any bytes as a certificate. Fuzz it with: python tests/fuzz/fuzz_certificate_lint.py (needs atheris)."""

from __future__ import annotations

import sys

if __name__ == "__main__":  # before the modules under test are loaded, so that their branches are seen
    import atheris

    with atheris.instrument_imports(include=["ringfence.verify.lint"]):
        import ringfence.verify.lint  # noqa: F401

import msgspec

from ringfence.verify.lint import lint

ALGORITHM = bytes.fromhex("300a06082a8648ce3d040302")
KEY = bytes.fromhex("301306072a8648ce3d020106082a8648ce3d03010703020004")  # no point of P-256

#: TNAuthList, both claim constraints, and the extensions of RFC 5280 that are read.
EXTENSIONS = (
    *(bytes.fromhex("06082b06010505070100")[:-1] + bytes((last,)) for last in (1, 26, 27, 33)),
    *(bytes.fromhex("0603551d") + bytes((last,)) for last in (14, 15, 17, 18, 19, 31, 32, 35)),
)


def one_input(data: bytes) -> None:
    """Lint the bytes as a certificate, and as names, times and extensions of one; nothing may escape."""
    for certificate in (data, _certificate(data), _certificate(data, data[:1])):
        report = lint(certificate)
        msgspec.json.encode(report)
        assert len(report.sha256) == 64


def _certificate(data: bytes, name: bytes = b"") -> bytes:
    """A certificate whose variable parts are all made of the data."""
    listed = b"".join(_element(0x30, oid + _element(0x04, data)) for oid in EXTENSIONS)
    dn = _element(0x30, data) if name else b"\x30\0"
    body = (
        b"\xa0\3\2\1\2\2\1\1"
        + ALGORITHM
        + dn
        + _element(0x30, _element(0x17, data[:20]) + _element(0x18, data[-20:]))
        + dn
        + _element(0x30, KEY)
        + _element(0xA3, _element(0x30, listed))
    )
    return _element(0x30, _element(0x30, body) + ALGORITHM + _element(0x03, b"\0" + data))


def _element(tag: int, content: bytes) -> bytes:
    return bytes((tag, 0x83)) + len(content).to_bytes(3) + content


if __name__ == "__main__":
    atheris.Setup(sys.argv, one_input)
    atheris.Fuzz()
