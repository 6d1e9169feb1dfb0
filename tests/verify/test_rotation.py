from __future__ import annotations

import pytest
from tests.verify.pki import NOW, issue

from ringfence.errors import ConfigError
from ringfence.model.rejected import Rejected
from ringfence.verify.authority import issue_test_authority
from ringfence.verify.rotation import DAY, KeyRing, load_ring, parse_key_table
from ringfence.verify.signer import Signer
from ringfence.verify.tnauthlist import TNAuthList


def key(name: str, start: float, end: float, starts: float | None = None, now: float = NOW) -> Signer:
    """A signer whose certificate is in force from `start` to `end` days from now."""
    issued = issue(name, tn_auth=TNAuthList(spcs=(name,)), start=NOW + start * DAY, end=NOW + end * DAY)
    at = None if starts is None else NOW + starts * DAY
    return Signer(issued.key, [issued.certificate], f"https://c.example.org/{name}.pem", now=now, starts=at)


def name_at(ring: KeyRing, days: float) -> str:
    signer = ring.at(NOW + days * DAY)
    return signer.reason if isinstance(signer, Rejected) else signer.key.name


def test_the_newest_in_force_signs() -> None:
    ring = KeyRing([key("OLD", -5, 10), key("NEW", -1, 30, 5), key("NEXT", 20, 50, 25)])
    assert [name_at(ring, d) for d in (-6, 0, 4.9, 5, 24.9, 25, 50, 51)] == [
        *("no_key", "OLD", "OLD", "NEW", "NEW", "NEXT", "NEXT", "no_key")
    ]


def test_of_two_that_start_together_the_last_is_newer() -> None:
    assert name_at(KeyRing([key("A", -1, 9, 0), key("B", -1, 9, 0)]), 1) == "B"


def test_keys_are_replaced_without_a_restart() -> None:
    ring = KeyRing([key("OLD", -5, 10)])
    ring.reload([key("OLD", -5, 10), key("NEW", -1, 30, -0.5)])
    assert name_at(ring, 0) == "NEW"
    with pytest.raises(ConfigError, match="no key"):
        ring.reload([])
    assert name_at(ring, 0) == "NEW"


def test_what_runs_out_is_told() -> None:
    ring = KeyRing([key("OLD", -5, 10)])
    assert ring.warnings(NOW - 5 * DAY) == []
    [line] = ring.warnings(NOW)
    assert line.startswith("signing ends at 2026-03-11 12:00 UTC") and "add the next" in line
    over, now = ring.warnings(NOW + 11 * DAY)
    assert over == "OLD: certificate expired at 2026-03-11 12:00 UTC" and "add one now" in now
    ring.reload([key("OLD", -5, 10), key("NEXT", 5, 90, 9)])
    assert ring.warnings(NOW) == []
    ring.reload([key("OLD", -5, 10), key("LATE", 12, 90, 13)])
    assert "2026-03-11" in ring.warnings(NOW)[0]
    assert "before 2026-03-14" in ring.warnings(NOW + 11 * DAY)[1]


TABLE = b"""
[[keys]]
key = "sp.key"
certificate = "sp-chain.pem"
x5u = "https://certs.example.org/sp.pem"

[[keys]]
key = "limited.key"
certificate = "limited-chain.pem"
x5u = "https://certs.example.org/limited.pem"
starts = 2026-03-02T12:00:00Z

[spc_numbers]
TEST = ["+447700"]
"""


def test_a_table_of_files() -> None:
    files = issue_test_authority(NOW)
    ring = load_ring(parse_key_table(TABLE, "keys.toml"), files.__getitem__, NOW)
    first, second = ring.at(NOW), ring.at(NOW + DAY)
    assert isinstance(first, Signer) and isinstance(second, Signer)
    assert (first.key.x5u, second.key.x5u) == tuple(
        f"https://certs.example.org/{n}.pem" for n in ("sp", "limited")
    )
    assert first.key.covers("447700900123") and not first.key.covers("442079460123")
    local = parse_key_table(TABLE.replace(b"12:00:00Z", b"12:00:00"), "keys.toml")
    assert load_ring(local, files.__getitem__, NOW).at(NOW + DAY) is not first


def test_a_key_that_is_over_does_not_stop_the_others() -> None:
    old, new = issue_test_authority(NOW - 8 * DAY), issue_test_authority(NOW)
    table = parse_key_table(TABLE, "keys.toml")

    def read(name: str) -> bytes:
        return (old if name.startswith("sp") else new)[name]

    assert isinstance(load_ring(table, read, NOW).at(NOW + DAY), Signer)
    with pytest.raises(ConfigError, match=r"limited\.key: certificate .* expired at"):
        load_ring(table, old.__getitem__, NOW)
    with pytest.raises(ConfigError, match=r"sp\.key: the key is not that of"):
        load_ring(table, lambda name: (old if name == "sp.key" else new)[name], NOW)


@pytest.mark.parametrize(
    ("table", "said"),
    [
        (b"\xff", "not UTF-8 at byte 0"),
        (b"[[keys", "not TOML"),
        (b"keys = 1", "array"),
        (b"[[keys]]\nkey='a'", "certificate"),
        (b"keys=[]\nother=1", "other"),
    ],
)
def test_tables_that_cannot_be_understood(table: bytes, said: str) -> None:
    with pytest.raises(ConfigError, match=rf"keys\.toml: .*{said}") as raised:
        parse_key_table(table, "keys.toml")
    assert "\n" not in str(raised.value)


def test_an_empty_table() -> None:
    with pytest.raises(ConfigError, match="no key"):
        load_ring(parse_key_table(b"keys=[]", "keys.toml"), lambda _: b"", NOW)
