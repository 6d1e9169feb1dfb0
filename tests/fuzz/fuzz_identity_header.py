"""Any bytes as an Identity header. Fuzz: python tests/fuzz/fuzz_identity_header.py (needs atheris)."""

from __future__ import annotations

import sys

if __name__ == "__main__":  # before the modules under test are loaded, so that their branches are seen
    import atheris

    with atheris.instrument_imports(include=["ringfence.sip"]):
        import ringfence.sip.identity  # noqa: F401

import msgspec

from ringfence.model.rejected import Rejected
from ringfence.sip.identity import identity_value, parse_identity


def one_input(data: bytes) -> None:
    """Read the bytes as a header and behind a token; what is read can be written and read again."""
    text = data.decode("latin-1")
    for value in (text, "a.b.c;" + text, "a..b;info=<https://cert.example.test/c.pem>;" + text):
        read = parse_identity(value)
        if isinstance(read, Rejected):
            assert read.reason and "\n" not in read.detail
            continue
        # types that need quotes are nobody's, and are never written
        if read.info and (read.ppt.replace("-", "x").isalnum() or not read.ppt) and read.ppt.isascii():
            again = parse_identity(identity_value(read.token, read.info, read.ppt))
            assert again == msgspec.structs.replace(read, alg="ES256")


if __name__ == "__main__":
    atheris.Setup(sys.argv, one_input)
    atheris.Fuzz()
