"""Any bytes as a PASSporT. Fuzz it with: python tests/fuzz/fuzz_token.py (needs atheris)."""

from __future__ import annotations

import sys

if __name__ == "__main__":  # before the modules under test are loaded, so that their branches are seen
    import atheris

    with atheris.instrument_imports(include=["ringfence.verify"]):
        import ringfence.verify.passport  # noqa: F401

from ringfence.model.passport import PPTS
from ringfence.model.rejected import Rejected
from ringfence.verify.passport import (
    all_claims,
    canonical_json,
    parse_token,
    read_claims,
    signing_input,
    to_base64url,
    to_token,
)

TYPES = (*PPTS, "other")
URL = "https://cert.example.test/c.pem"
CLAIMS = b'"iat":1772366400,"orig":{"tn":"447700900123"},"dest":{"tn":["447700900456"]}'
SIGNATURE = to_base64url(bytes(64))


def one_input(data: bytes) -> None:
    """Read the bytes as a token, as its header, as its claims and beside those; nothing may escape, and what
    is read can be signed anew and says the same."""
    ppt = TYPES[data[0] % len(TYPES)] if data else ""
    header = signing_input(ppt, URL, {}).partition(b".")[0]
    bodies = [b"{" + CLAIMS + b"}", data[1:], b"{" + CLAIMS + b"," + data[1:] + b"}"]
    tokens = [data.decode("latin-1")]
    tokens += [b".".join((header, to_base64url(body), SIGNATURE)).decode() for body in bodies]
    tokens.append(b".".join((to_base64url(data), to_base64url(bodies[0]), SIGNATURE)).decode())
    for token in tokens:
        read = parse_token(token)
        if isinstance(read, Rejected):
            assert read.reason in ("bad_syntax", "unsupported") and read.status == 438
            continue
        claims = all_claims(read.payload)
        written = canonical_json(claims)
        again = read_claims(written, read.ppt)
        assert not isinstance(again, Rejected), again
        assert to_token(read.signed, read.signature) == token


if __name__ == "__main__":
    atheris.Setup(sys.argv, one_input)
    atheris.Fuzz()
