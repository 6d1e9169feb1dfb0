from __future__ import annotations

import base64
import hashlib
import json
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ringfence.verify.rcd_integrity import (
    MOST_RESOURCES,
    canonical,
    digest,
    digests_fault,
    integrity_fault,
    is_https,
    jcard_at,
    jcard_fault,
    resolve,
    resources,
    url_of,
)

ICON, CARD, LOGO = (f"https://cards.example.org/{name}" for name in ("icon.png", "card.json", "logo.png"))
JCARD: list[Any] = [
    "vcard",
    [
        ["version", {}, "text", "4.0"],
        ["fn", {}, "text", "Example Bank"],
        ["logo", {}, "uri", LOGO],
    ],
]
OCTETS = json.dumps(JCARD).encode()


def test_digests_are_the_algorithms() -> None:
    for algorithm in ("sha256", "sha384", "sha512"):
        expected = base64.b64encode(hashlib.new(algorithm, b"x").digest()).decode()
        assert digest(b"x", algorithm) == f"{algorithm}-{expected}"
        for written in (expected, expected.rstrip("="), expected.replace("+", "-").replace("/", "_")):
            rich = {"rcd": {"nam": "x", "icn": ICON}, "rcdi": {"/icn": f"{algorithm}-{written}"}}
            assert digests_fault(rich["rcdi"]) is None
            assert integrity_fault(rich, {ICON: b"x"}) is None
            assert "/icn: the octets at" in (integrity_fault(rich, {ICON: b"y"}) or "")


@pytest.mark.parametrize(
    "rcdi",
    [
        [],
        {},
        {"icn": digest(b"")},
        {"/icn": 1},
        {"/icn": "md5-1B2M2Y8AsgTpgAmY7PhCfg=="},
        {"/icn": "sha256-AAAA"},
        {"/icn": "sha256-" + "!" * 43},
        {"/icn": digest(b"").replace("sha256", "sha512")},
    ],
)
def test_what_is_no_rcdi(rcdi: Any) -> None:
    assert digests_fault(rcdi)


def test_values_are_compared_as_canonical_json() -> None:
    rich: dict[str, Any] = {"rcd": {"nam": "é", "jcd": JCARD}}
    rich["rcdi"] = {"/jcd": digest(canonical(JCARD) or b""), "/nam": digest('"é"'.encode())}
    assert integrity_fault(rich, {}) is None
    rich["rcd"]["nam"] = "e"
    assert integrity_fault(rich, {}) == "/nam: not what was signed"
    rich["rcdi"] = {"/jcd/1/9": digest(b"")}
    assert "points at nothing" in (integrity_fault(rich, {}) or "")


def test_a_card_elsewhere_names_others_one_level_deep() -> None:
    rich = {
        "rcd": {"nam": "x", "icn": ICON, "jcl": CARD},
        "rcdi": {"/icn": digest(b"i"), "/jcl": digest(OCTETS), "/jcl/1/2/3": digest(b"l")},
    }
    assert resources(rich) == (ICON, CARD)
    assert integrity_fault(rich, {}) is None  # what could not be had is not wrong
    held = {ICON: b"i", CARD: OCTETS}
    assert resources(rich, held) == (LOGO,)
    assert integrity_fault(rich, held) is None
    held[LOGO] = b"l"
    assert resources(rich, held) == () and integrity_fault(rich, held) is None
    held[LOGO] = b"other"
    assert "/jcl/1/2/3" in (integrity_fault(rich, held) or "")
    assert url_of(rich["rcd"], "/jcl/1/1/3", held) is None  # a text


def test_a_card_elsewhere_may_be_digested_as_json() -> None:
    rich = {"rcd": {"nam": "x", "jcl": CARD}, "rcdi": {"/jcl": digest(canonical(JCARD) or b"")}}
    assert integrity_fault(rich, {CARD: json.dumps(JCARD, indent=2).encode()}) is None
    for octets in (b"[", b"[" * 100_000, b"\xff", b"[]"):
        assert integrity_fault(rich, {CARD: octets})


def test_few_addresses_are_asked() -> None:
    jcd = ["vcard", [["photo", {}, "uri", f"https://c.example.org/{n}"] for n in range(50)]]
    rich = {"rcd": {"nam": "x", "jcd": jcd}, "rcdi": {f"/jcd/1/{n}/3": digest(b"") for n in range(50)}}
    assert len(resources(rich)) == MOST_RESOURCES


@pytest.mark.parametrize(
    ("pointer", "value"),
    [
        ("/a~1b", 1),
        ("/m~0n", 2),
        ("/list/1", "two"),
        ("/list/01", None),
        ("/list/9", None),
        ("/list/-", None),
        ("/list/1/0", None),
        ("/none", None),
        ("/", 3),
    ],
)
def test_json_pointers(pointer: str, value: Any) -> None:
    found, held = resolve({"a/b": 1, "m~n": 2, "list": ["one", "two"], "": 3}, pointer, {})
    assert (found, held) == (value is not None, value)


NO_CARDS: list[Any] = [
    *(None, "vcard", [], ["vcard"], ["vcard", {}]),
    ["vcard", [["fn", {}, "text"]]],
    ["vcard", [[1, {}, "", ""]]],
]


@pytest.mark.parametrize("card", NO_CARDS)
def test_what_is_no_jcard(card: Any) -> None:
    assert jcard_fault(card)
    assert jcard_at(CARD, {CARD: json.dumps(card).encode()}) is None


def test_addresses() -> None:
    assert is_https(ICON) and jcard_at(CARD, {CARD: OCTETS}) == JCARD and jcard_at([], {}) is None
    for wrong in (
        None,
        "",
        "http://example.org/",
        "https://",
        "https://u@example.org/",
        "https://[",
        "https://a b",
    ):
        assert not is_https(wrong)


ANY = st.recursive(
    st.none() | st.integers() | st.text(max_size=5) | st.just(ICON),
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(st.text(max_size=4), inner, max_size=4),
    max_leaves=12,
)


@given(
    rcd=st.dictionaries(st.sampled_from(["nam", "icn", "jcd", "jcl"]), ANY),
    pointer=st.from_regex(r"/(icn|jcd|jcl|nam)(/[0-9a~]{1,2}){0,4}", fullmatch=True),
    octets=st.binary(max_size=40) | st.just(OCTETS),
)
def test_nothing_hostile_raises(rcd: dict[str, Any], pointer: str, octets: bytes) -> None:
    rich = {"rcd": rcd, "rcdi": {pointer: digest(b"")}}
    resources(rich, {ICON: octets})
    integrity_fault(rich, {ICON: octets})
