"""A protected number is not passed for being written oddly: what some phone would show is what is judged."""

from __future__ import annotations

import logging
import random
from collections import Counter
from pathlib import Path

import pytest
from benchmarks.mutations import mutated, shows
from hypothesis import given
from hypothesis import strategies as st
from tests.serve.screens import BANK, PERSON, VICTIM, screening

NOW = 1_772_366_400.0
SPELLINGS = Path(__file__).with_name("spellings.txt").read_text("utf-8").splitlines()


def answered(data: bytes) -> str:
    answer = SCREENING.handle(data, ("127.0.0.1", 5060), "udp", NOW)
    assert answer is None or isinstance(answer, bytes)
    return (answer or b"        -  ")[8:11].decode()


SCREENING = screening()


@pytest.mark.parametrize("at", [i for i, line in enumerate(SPELLINGS) if line and line[0] != "#"])
def test_spellings(at: int) -> None:
    """Each line of the file: fields of an INVITE that show the bank's number, `|` between them."""
    fields = SPELLINGS[at].replace("\\r\\n", "\r\n").replace("\\t", "\t").split("|")
    if not any(field.lower().replace(" ", "").startswith(("from:", "f:")) for field in fields):
        fields.append(f"From: <sip:{PERSON}@h>;tag=1")
    lines = [
        f"INVITE sip:{VICTIM}@h SIP/2.0", "Via: SIP/2.0/UDP 127.0.0.1:5060;branch=z9hG4bK1", *fields,
        f"To: <sip:{VICTIM}@h>", "Call-ID: 1", "CSeq: 1 INVITE", "Max-Forwards: 70", "Content-Length: 0",
        "", "",
    ]  # fmt: skip
    assert answered("\r\n".join(lines).encode()) in ("603", "400"), SPELLINGS[at]


def test_mutations(caplog: pytest.LogCaptureFixture) -> None:
    """More of them, and other seeds: python -m benchmarks.screen --parts mutate --mutate 1000000 --seed 2."""
    rng, statuses = random.Random(1), Counter[str]()
    with caplog.at_level(logging.WARNING):
        for _ in range(4000):
            data = mutated(rng, BANK)
            status = answered(data)
            statuses[status] += 1
            assert status not in ("302", "404") or not shows(data, BANK), data
    assert statuses["603"] > 1000 and statuses["302"] > 100 and not caplog.records


@pytest.mark.corpus
def test_torture_messages_of_rfc_4475(corpus: Path, caplog: pytest.LogCaptureFixture) -> None:
    """Each through the whole screen; and with the bank's number on top, whatever else they are."""
    statuses = Counter[str]()
    with caplog.at_level(logging.WARNING):
        for path in sorted((corpus / "sip" / "rfc4475").iterdir()):
            data = path.read_bytes()
            statuses[answered(data)] += 1
            first, _, rest = data.partition(b"\r\n")
            shown = first + f"\r\nP-Asserted-Identity: <tel:{BANK}>\r\n".encode() + rest
            assert answered(shown) not in ("302", "404"), path.name
    assert statuses.total() > 40 and not caplog.records


@given(st.binary(max_size=600), st.integers(0, 2**32))
def test_whatever_comes(noise: bytes, seed: int) -> None:
    data = mutated(random.Random(seed), BANK)
    at = seed % len(data)
    answered(noise)
    answered(data[:at] + noise + data[at:])
