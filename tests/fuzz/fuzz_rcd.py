"""Fuzz target: any JSON as rich call data, any octets at its addresses, any text as a table of numbers.

Run `python tests/fuzz/fuzz_rcd.py` where atheris is installed; hypothesis drives `one_input` in the tests.
"""

from __future__ import annotations

import sys

if __name__ == "__main__":  # before the modules under test are loaded, so that their branches are seen
    import atheris

    with atheris.instrument_imports(include=["ringfence.verify"]):
        import ringfence.verify.attestation
        import ringfence.verify.rcd  # noqa: F401

import json
import uuid

from ringfence.errors import ConfigError
from ringfence.model.rejected import Rejected
from ringfence.model.verification import Verdict, Verification
from ringfence.verify.attestation import AttestationTable, parse_attestation
from ringfence.verify.rcd import Card, rich_fault, shown
from ringfence.verify.rcd_integrity import resources

URL = "https://cards.example.org/card.json"
POINTERS = ("/icn", "/jcl", "/jcd", "/nam", "/jcl/1/0/3", "/jcd/1/0/3", "/jcl/1/a~1b")


def one_input(data: bytes) -> None:
    """Raises where hostile octets do, or where a card is shown that the rules rule out."""
    try:
        value = json.loads(data)
    except (ValueError, RecursionError):
        value = data.decode("utf-8", "replace")
    rich = value if isinstance(value, dict) else {"rcd": {"nam": value, "jcl": URL}, "crn": value}
    if len(data) % 2 and isinstance(rich.get("rcd"), dict):
        rich = rich | {"rcdi": dict.fromkeys(POINTERS, "sha256-" + "A" * 43)}
    if rich and rich_fault(rich) is None:
        resources(rich, {URL: data})
    found = shown(Verification(Verdict.VALID, attestation="A", rich=rich), {URL: data})
    assert found is None or isinstance(found, Rejected | Card)
    assert not (isinstance(found, Card) and rich_fault(rich))
    for name in ("table.csv", "table.toml"):
        try:
            table = parse_attestation(data, name, seed=uuid.UUID(int=1))
        except ConfigError as error:
            assert "\n" not in str(error)
        else:
            assert isinstance(table, AttestationTable)


if __name__ == "__main__":
    atheris.Setup(sys.argv, one_input)
    atheris.Fuzz()
