from __future__ import annotations

import uuid

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ringfence.errors import ConfigError
from ringfence.verify.attestation import AttestationTable, Holder, parse_attestation, parse_numbers
from ringfence.verify.tnauthlist import TNAuthList

SEED = uuid.UUID("2f0c1f4e-9d55-4f0e-8f5e-6f2d3a4b5c6d")

TOML = b"""\
seed = "2f0c1f4e-9d55-4f0e-8f5e-6f2d3a4b5c6d"
gateways = ["gw-1"]

[own]
numbers = ["+442079460100-+442079460199"]
trunks = ["core"]

[customers.acme]
numbers = [
  "+447700900123",
  "447700900200-447700900299",
]
trunks = ["acme-1", "acme-2"]

[customers.bank]
numbers = ["+442079460500"]
origid = "7a4cd5d9-0a2f-4b0d-a1d4-6f0e8a0f1c11"
"""

CSV = b"""\
kind,customer,trunk,first,last,origid
own,,core,+442079460100,+442079460199,
customer,acme,acme-1,+447700900123,,
customer,acme,acme-2,447700900200,447700900299,

customer,bank,,+442079460500,,7a4cd5d9-0a2f-4b0d-a1d4-6f0e8a0f1c11
gateway,,gw-1,,,
"""


@pytest.fixture(params=["toml", "csv"])
def table(request: pytest.FixtureRequest) -> AttestationTable:
    if request.param == "toml":
        return parse_attestation(TOML, "numbers.toml")
    return parse_attestation(CSV, "numbers.csv", seed=SEED)


@pytest.mark.parametrize(
    ("number", "customer", "trunk", "level"),
    [
        ("+442079460150", "", "core", "A"),  # ours, from within
        ("442079460150", "own", "", "A"),
        ("+442079460150", "", "acme-1", "B"),  # ours, but a customer shows it
        ("+442079460150", "", "somewhere", "C"),  # ours, from outside
        ("+442079460150", "", "", "C"),
        ("+447700900123", "", "acme-1", "A"),
        ("+447700900250", "acme", "", "A"),
        ("+447700900250", "acme", "unlisted", "A"),
        ("+447700900300", "acme", "acme-2", "B"),
        ("+442079460500", "acme", "acme-1", "B"),  # another customer's
        ("+442079460500", "bank", "", "A"),
        ("+442079460500", "bank", "acme-1", "C"),  # an account over another's trunk
        ("+447700900123", "acme", "gw-1", "C"),
        ("+447700900123", "nobody", "", "C"),
        ("sip:alice@example.org", "acme", "", "B"),
        ("anonymous", "acme", "", "B"),
    ],
)
def test_levels(table: AttestationTable, number: str, customer: str, trunk: str, level: str) -> None:
    attestation = table.attest(number, customer=customer, trunk=trunk)
    assert attestation.level == level, attestation.why
    assert str(uuid.UUID(attestation.origid)) == attestation.origid
    assert attestation.why


def test_origids_are_stable_and_tell_customers_apart(table: AttestationTable) -> None:
    one = table.attest("+447700900123", trunk="acme-1").origid
    assert one == parse_attestation(TOML, "numbers.toml").attest("+447700900300", trunk="acme-1").origid
    assert one != table.attest("+447700900123", trunk="acme-2").origid
    assert one != table.attest("+447700900123", trunk="gw-1").origid
    assert table.attest("1", customer="bank").origid == "7a4cd5d9-0a2f-4b0d-a1d4-6f0e8a0f1c11"
    other = AttestationTable(uuid.UUID(int=1), {"acme": Holder(trunks=("acme-1",))})
    assert other.attest("+447700900123", trunk="acme-1").origid != one


def test_origids_of_strangers_do_not_pile_up() -> None:
    table = AttestationTable(SEED, {})
    first = table.origid("", "t0")
    for number in range(100_001):
        table.origid("", f"t{number}")
    assert len(table._origids) < 100_001 and table.origid("", "t0") == first


@pytest.mark.parametrize(
    ("text", "said"),
    [
        (TOML.replace(b"+447700900123", b"07700 900123"), "line 10: '07700 900123' is no number"),
        (TOML.replace(b"447700900299", b"447700900100"), "line 11: .* no range"),
        (TOML.replace(b"2f0c1f4e-9d55", b"2f0c1f4e9d55"), "line 1: seed"),
        (TOML.replace(b"-6f0e8a0f1c11", b""), "line 17: origid"),
        (TOML.replace(b'"acme-2"', b'"core"'), "trunk core: .* a trunk has one user"),
        (TOML.replace(b'"acme-2"', b'"gw-1"'), "trunk gw-1"),
        (TOML.replace(b"customers.bank", b"customers.own"), r"line 15: .*\[own\]"),
        (TOML.replace(b"trunks = [", b"trunk = ["), "trunk"),
        (b"gateways = []", "seed"),
        (b"seed = ", "not TOML"),
        (b"seed = 1\n\xff", "line 2: not UTF-8"),
    ],
)
def test_toml_that_cannot_be_understood(text: bytes, said: str) -> None:
    with pytest.raises(
        ConfigError, match=rf"numbers\.toml: .*{said}" if "line" not in said else said
    ) as raised:
        parse_attestation(text, "numbers.toml")
    assert "\n" not in str(raised.value)


@pytest.mark.parametrize(
    ("text", "said"),
    [
        (b"", "line 1: no column kind"),
        (b"kind,customer,first,colour\n", "line 1: column 'colour'"),
        (b"kind,customer,first,first\n", "line 1: a column twice"),
        (CSV.replace(b"+447700900123", b"hello"), "line 3: 'hello' is no number"),
        (CSV.replace(b",447700900299", b",4477009002999"), "line 4: .* no range"),
        (CSV.replace(b"customer,bank", b"client,bank"), "line 6: kind 'client'"),
        (CSV.replace(b"customer,bank", b"customer,"), "line 6: customer needs a name"),
        (CSV.replace(b"customer,bank", b"customer,own"), "line 6: customer needs a name"),
        (CSV.replace(b"-6f0e8a0f1c11", b""), "line 6: origid"),
        (CSV.replace(b"gw-1", b""), "line 7: a gateway needs its trunk"),
        (CSV + b"own,,,,,,,\n", "line 8: 8 fields"),
        (b"\r******\r", "line 1: no column kind"),
        (CSV.replace(b"gw-1", b"core"), "trunk core"),
    ],
)
def test_csv_that_cannot_be_understood(text: bytes, said: str) -> None:
    with pytest.raises(ConfigError, match=said) as raised:
        parse_attestation(text, "numbers.csv", seed=SEED)
    assert "\n" not in str(raised.value) and "numbers.csv" in str(raised.value)


def test_lines_end_as_on_any_system() -> None:
    for end in (b"\r\n", b"\r"):
        table = parse_attestation(CSV.replace(b"\n", end), "numbers.csv", seed=SEED)
        assert (
            table.attest("+447700900123", customer="bank").level
            == parse_attestation(CSV, "numbers.csv", seed=SEED).attest("+447700900123", customer="bank").level
        )


def test_csv_needs_a_seed() -> None:
    with pytest.raises(ConfigError, match="seed"):
        parse_attestation(CSV, "numbers.csv")


@given(st.text(max_size=30))
def test_entries_are_numbers_or_told(entry: str) -> None:
    parsed = parse_numbers([entry])
    assert parsed == entry if isinstance(parsed, str) else isinstance(parsed, TNAuthList)


def test_a_range_of_one() -> None:
    numbers = parse_numbers(["+447700900000 - +447700900000", "447700900001 to 447700900002"])
    assert isinstance(numbers, TNAuthList)
    assert [numbers.covers(f"44770090000{d}") for d in "0123"] == [True, True, True, False]
