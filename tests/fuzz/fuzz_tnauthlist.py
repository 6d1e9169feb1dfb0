"""Any bytes as a TNAuthList. Fuzz it with: python tests/fuzz/fuzz_tnauthlist.py (needs atheris)."""

from __future__ import annotations

import sys

if __name__ == "__main__":  # before the modules under test are loaded, so that their branches are seen
    import atheris

    with atheris.instrument_imports(include=["ringfence.verify"]):
        import ringfence.verify.tnauthlist  # noqa: F401

from ringfence.model.rejected import Rejected
from ringfence.verify import der
from ringfence.verify.tnauthlist import encode_tnauthlist, parse_tnauthlist


def one_input(data: bytes) -> None:
    """Read the bytes as a list, as its entries and as one of each; what is read can be written and asked."""
    wrapped = der.element(der.SEQUENCE, data)
    entries = (der.element(der.context(n), der.element(tag, data)) for n, tag in _KINDS)
    for octets in (data, wrapped, *(der.element(der.SEQUENCE, entry) for entry in entries)):
        read = parse_tnauthlist(octets)
        if isinstance(read, Rejected):
            assert (read.reason, read.status) == ("bad_certificate", 437) and "\n" not in read.detail
            continue
        assert parse_tnauthlist(encode_tnauthlist(read)) == read
        assert read.within(read)
        assert all(read.covers(number) for number in (*read.numbers, *(start for start, _ in read.ranges)))


_KINDS = ((0, der.IA5_STRING), (1, der.SEQUENCE), (2, der.IA5_STRING))


if __name__ == "__main__":
    atheris.Setup(sys.argv, one_input)
    atheris.Fuzz()
