"""Indicators on calls: equal, near, in company, in force."""

from __future__ import annotations

import pytest

from ringfence.model.attempt import Attempt
from ringfence.model.indicator import Indicator
from ringfence.model.profile import PlatformProfile
from ringfence.screen.indicators import Indicators

PARTS = tuple(f"part{i}:{i}" for i in range(20))
NUMBER = "+442079460001"
NOW = 1_772_366_400.0


def names(entries: list[Indicator], now: float = NOW, **call: object) -> dict[str, float]:
    found = Indicators(entries).signals(Attempt(**call), now)  # type: ignore[arg-type]
    return {signal.name: signal.strength for signal in found}


def test_each_kind() -> None:
    for kind, field, value in (
        ("account", "account", "7"), ("source", "source_ip", "192.0.2.1"),
        ("fingerprint", "fingerprint", "f"),
    ):  # fmt: skip
        entries = [Indicator(kind=kind, value=value, score=0.8)]  # type: ignore[arg-type]
        assert names(entries, **{field: value}) == {f"indicator_{kind}": 0.8}
        assert names(entries, **{field: "other"}) == {} == names(entries)


def test_networks() -> None:
    entries = [Indicator(kind="source", value="192.0.2.0/24"), Indicator(kind="source", value="2001:DB8::1")]
    assert names(entries, source_ip="192.0.2.77") and names(entries, source_ip="2001:db8::1")
    assert not names(entries, source_ip="192.0.3.1") and not names(entries, source_ip="rubbish")
    assert len(Indicators([Indicator(kind="source", value="rubbish")])) == 0


def test_a_number_only_in_company() -> None:
    entries = [Indicator(kind="number", value=NUMBER, with_={"trunk": "T", "fingerprint": "f"})]
    assert names(entries, caller=NUMBER, trunk="T", fingerprint="f")
    assert not names(entries, caller=NUMBER, trunk="T") and not names(entries, caller=NUMBER)
    assert not names([Indicator(kind="number", value=NUMBER)], caller=NUMBER)


def test_a_trunk_needs_two_people() -> None:
    alone = Indicator(kind="trunk", value="T", approved_by=("ann", "ann"))
    assert not names([alone], trunk="T")
    assert names([Indicator(kind="trunk", value="T", approved_by=("ann", "bob"))], trunk="T")


def test_only_while_in_force() -> None:
    entry = Indicator(kind="account", value="7", from_="2026-03-01T12:00:00Z", expires="2026-03-01T13:00:00Z")
    assert [bool(names([entry], NOW + t, account="7")) for t in (-1, 0, 3599, 3600)] == [
        False,
        True,
        True,
        False,
    ]


@pytest.mark.parametrize(
    ("parts", "near"),
    [
        (PARTS, True), (("part0:x", *PARTS[1:]), True), (PARTS[1:], True), ((*PARTS, "new:1"), True),
        (("part0:x", "part1:x", *PARTS[2:]), False), (PARTS[2:], False), ((), False),
    ],
    ids=["same", "changed", "taken", "added", "two changed", "two taken", "none"],
)  # fmt: skip
def test_near_shapes(parts: tuple[str, ...], near: bool) -> None:
    entries = [Indicator(kind="fingerprint", value="known", score=0.8, parts=PARTS)]
    found = names(entries, fingerprint="other", fingerprint_parts=parts)
    assert found == ({"indicator_near_fingerprint": pytest.approx(0.72)} if near else {})


def test_the_equal_shape_is_not_near_too() -> None:
    entries = [Indicator(kind="fingerprint", value="known", parts=PARTS)]
    assert names(entries, fingerprint="known", fingerprint_parts=PARTS) == {"indicator_fingerprint": 1.0}


def test_profiles_of_platforms() -> None:
    profile = PlatformProfile(id="P-1", name="the handset", shapes={"known": list(PARTS)})
    near = Attempt(fingerprint="other", fingerprint_parts=PARTS[1:])
    (signal,) = Indicators([], [profile]).signals(near, NOW)
    assert signal.name == "platform_profile" and "the handset" in signal.reason
