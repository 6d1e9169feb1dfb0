"""Fuzz target: any bytes as a number, as a register and as a numbering table's line.

Run `python tests/fuzz/fuzz_number.py` where atheris is installed; hypothesis drives `one_input` in the tests.
"""

from __future__ import annotations

import sys

if __name__ == "__main__":  # before the modules under test are loaded, so that their branches are seen
    import atheris

    with atheris.instrument_imports(include=["ringfence.numbers"]):
        import ringfence.numbers.plan
        import ringfence.numbers.register  # noqa: F401

import pyarrow as pa

from ringfence.numbers.normalise import normalise, normalise_rows
from ringfence.numbers.plan import facts
from ringfence.numbers.register import parse_register


def one_input(data: bytes) -> None:
    """Raises where a number is read wrongly, differently by column, or not at all without a reason."""
    text = data.decode("utf-8", "replace")
    region = ("GB", "US", "FR", "001")[len(data) % 4]
    number, reason = normalise(text, region)
    assert (number is None) != (reason is None)
    column = normalise_rows(pa.array([text]), region).to_pylist()[0]
    assert (column["number"], column["reason"]) == (number, reason)
    if number:
        assert normalise(number, region).number == number
        assert facts(pa.array([number])).num_rows == 1
    parse_register("number,owner,use,sector,source,valid_from,valid_until\n" + text, "GB").table()


if __name__ == "__main__":
    atheris.Setup(sys.argv, one_input)
    atheris.Fuzz()
