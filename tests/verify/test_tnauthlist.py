from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ringfence.errors import UsageError
from ringfence.model.rejected import Rejected
from ringfence.verify import der
from ringfence.verify.tnauthlist import TNAuthList, encode_tnauthlist, parse_tnauthlist

NUMBERS = st.text("0123456789", min_size=1, max_size=15)


@st.composite
def ranges(draw: st.DrawFn) -> tuple[str, int]:
    start = draw(NUMBERS.filter(lambda text: int(text) + 2 <= 10 ** len(text)))
    return start, draw(st.integers(2, 10 ** len(start) - int(start)))


LISTS = st.builds(
    TNAuthList,
    st.lists(st.text("ABC0129", min_size=1, max_size=8), max_size=3).map(tuple),
    st.lists(ranges(), max_size=4).map(tuple),
    st.lists(st.text("0123456789#*", min_size=1, max_size=15), max_size=4).map(tuple),
).filter(lambda t: bool(t.spcs or t.ranges or t.numbers))

BLOCK = TNAuthList(ranges=(("447700900000", 1000),))


@given(LISTS)
def test_what_is_written_reads_the_same(tn_auth: TNAuthList) -> None:
    assert parse_tnauthlist(encode_tnauthlist(tn_auth)) == tn_auth


@given(LISTS)
def test_a_list_covers_what_it_lists_and_is_within_itself(tn_auth: TNAuthList) -> None:
    assert all(tn_auth.covers(number) for number in tn_auth.numbers)
    for start, count in tn_auth.ranges:
        last = str(int(start) + count - 1).zfill(len(start))
        assert tn_auth.covers(start) and tn_auth.covers(last)
    assert tn_auth.within(tn_auth)


def test_the_list_of_a_real_certificate() -> None:
    assert parse_tnauthlist(bytes.fromhex("3008a006160437333845")) == TNAuthList(spcs=("738E",))


def test_edges_of_a_range() -> None:
    assert BLOCK.covers("447700900000") and BLOCK.covers("447700900999")
    for outside in ("447700899999", "447700901000", "44770090000", "4477009000000", "", "#", "44770090000x"):
        assert not BLOCK.covers(outside)
    assert not BLOCK.covers("9" * 10_000)


def test_ranges_that_meet_are_one() -> None:
    halves = TNAuthList(
        ranges=(("447700900500", 500), ("447700900000", 499)), numbers=("447700900499", "*21#")
    )
    assert BLOCK.within(halves) and not halves.within(BLOCK)
    assert TNAuthList(numbers=("*21#",)).within(halves)


def test_codes_cover_nothing_here() -> None:
    assert not TNAuthList(spcs=("TEST",)).covers("447700900000")


@pytest.mark.parametrize(
    ("child", "parent", "expected"),
    [
        (TNAuthList(ranges=(("12125550150", 50),)), TNAuthList(ranges=(("12125550100", 100),)), True),
        (TNAuthList(numbers=("12125550124",)), TNAuthList(ranges=(("12125550100", 100),)), True),
        (TNAuthList(ranges=(("12125550150", 51),)), TNAuthList(ranges=(("12125550100", 100),)), False),
        (TNAuthList(ranges=(("12125550150", 2),)), TNAuthList(numbers=("12125550150",)), False),
        # an SPC-only parent may delegate numbers (RFC 9060 section 4.1)
        (TNAuthList(numbers=("12125550124",)), TNAuthList(spcs=("TEST",)), True),
        (TNAuthList(spcs=("TEST",)), TNAuthList(spcs=("TEST", "TST2")), True),
        (TNAuthList(spcs=("TST2",)), TNAuthList(spcs=("TEST",)), False),
        (TNAuthList(spcs=("TEST",)), TNAuthList(ranges=(("12125550100", 100),)), False),
        (TNAuthList(numbers=("*69",)), TNAuthList(numbers=("*6",)), False),
    ],
)
def test_encompassing(child: TNAuthList, parent: TNAuthList, expected: bool) -> None:
    assert child.within(parent) is expected


def _entry(tag: int, kind: int, contents: bytes) -> bytes:
    return der.element(der.SEQUENCE, der.element(der.context(tag), der.element(kind, contents)))


def _block(start: bytes, count: int) -> bytes:
    return _entry(1, der.SEQUENCE, der.element(der.IA5_STRING, start) + der.from_integer(count))


@pytest.mark.parametrize(
    "octets",
    [
        b"",
        b"\x30\x00",
        b"\x04\x02\x30\x00",
        bytes.fromhex("300613043633334b"),  # a real one: a bare PrintableString
        bytes.fromhex("3008a006163836374a"),  # a real one: the code's length is missing
        _entry(3, der.IA5_STRING, b"TEST"),
        _entry(0, 0x13, b"TEST"),
        _entry(0, der.IA5_STRING, b""),
        _entry(0, der.IA5_STRING, b"TE\nST"),
        _entry(0, der.IA5_STRING, b"caf\xe9"),
        _entry(2, der.IA5_STRING, b"+15550100"),
        _entry(2, der.IA5_STRING, b"1" * 16),
        _entry(2, der.SEQUENCE, b""),
        _block(b"12125550100", 1),
        _block(b"12125550100", -(10**5000)),
        _block(b"12125550100", 10**5000),
        _block(b"10", 91),
        _block(b"*21", 2),
        _block(b"", 2),
        _entry(1, der.SEQUENCE, b""),
        _entry(1, der.SEQUENCE, der.from_integer(2) + der.from_integer(2)),
        der.element(der.SEQUENCE, der.element(der.context(0))),
    ],
)
def test_what_is_no_list_says_so(octets: bytes) -> None:
    rejected = parse_tnauthlist(octets)
    assert isinstance(rejected, Rejected)
    assert (rejected.reason, rejected.status) == ("bad_certificate", 437)
    assert rejected.detail.startswith("the TNAuthList ") and len(rejected.detail) < 120


def test_ranges_may_grow_but_not_longer() -> None:
    assert parse_tnauthlist(_block(b"10", 90)) == TNAuthList(ranges=(("10", 90),))
    longer = der.element(der.IA5_STRING, b"10") + der.from_integer(2) + der.from_integer(7)
    assert parse_tnauthlist(_entry(1, der.SEQUENCE, longer)) == TNAuthList(ranges=(("10", 2),))


@pytest.mark.parametrize(
    "tn_auth",
    [
        TNAuthList(),
        TNAuthList(spcs=("",)),
        TNAuthList(spcs=("é",)),
        TNAuthList(numbers=("+447700900000",)),
        TNAuthList(ranges=(("447700900000", 1),)),
    ],
)
def test_what_must_not_be_written(tn_auth: TNAuthList) -> None:
    with pytest.raises(UsageError, match="TNAuthList"):
        encode_tnauthlist(tn_auth)
