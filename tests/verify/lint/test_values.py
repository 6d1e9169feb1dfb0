from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st
from tests.verify.lint.certificates import (
    CRL_ISSUER,
    CRL_URL,
    access,
    crl_point,
    integer,
    tlv,
)
from tests.verify.lint.certificates import (
    crl_points as written_points,
)

from ringfence.verify.lint.values import (
    Constraints,
    accesses,
    claim_constraints,
    crl_points,
    general_names,
    tn_entries,
)


def test_distribution_points() -> None:
    (point,) = crl_points(written_points()) or ()
    assert (point.urls, point.fields, [n.form for n in point.issuer]) == ([CRL_URL.decode()], (0, 2), [4])
    relative = tlv(0x30, tlv(0xA0, tlv(0xA1, tlv(0x30))), CRL_ISSUER)
    (point,) = crl_points(written_points(relative)) or ()
    assert (point.urls, point.fields) == ([], (0, 2))
    for value in (b"", tlv(0x30), tlv(0x30, b"\5\0"), written_points(crl_point(b"\5\0"))):
        assert crl_points(value) is None


def test_entries_of_a_tn_auth_list() -> None:
    number = tlv(0x16, b"15550100")
    value = tlv(
        0x30,
        tlv(0xA0, tlv(0x16, b"700J")),
        tlv(0xA1, tlv(0x30, number, integer(100))),
        tlv(0xA2, number),
        tlv(0x13, b"700J"),
    )
    read = tn_entries(value) or ()
    assert [(entry.kind, entry.text) for entry in read] == [
        ("spc", "700J"),
        ("range", "15550100 and 99 more"),
        ("one", "15550100"),
        ("unknown", None),
    ]
    assert [bool(entry.fault) for entry in read] == [False, False, False, True]
    assert tn_entries(b"700J") is None and tn_entries(tlv(0x30)) == ()


def test_a_count_of_any_size_is_only_compared() -> None:
    value = tlv(0x30, tlv(0xA1, tlv(0x30, tlv(0x16, b"1"), integer(2**5000))))
    assert [entry.fault for entry in tn_entries(value) or ()] == ["counts up to a number of more digits"]


def test_claim_constraints() -> None:
    name = tlv(0x16, b"confidence")
    value = tlv(
        0x30,
        tlv(0xA0, tlv(0x30, name)),
        tlv(0xA1, tlv(0x30, tlv(0x30, name, tlv(0x30, tlv(0x0C, b"high"), tlv(0x0C, b"medium"))))),
        tlv(0xA2, tlv(0x30, tlv(0x16, b"priority"))),
    )
    expected = Constraints(("confidence",), (("confidence", ("high", "medium")),), ("priority",))
    assert claim_constraints(value, enhanced=True) == expected
    assert isinstance(claim_constraints(value, enhanced=False), str)


def test_names_and_places() -> None:
    assert general_names(tlv(0x86, b"x") + tlv(0xA4, b"y")) == ((6, b"x"), (4, b"y"))
    assert general_names(tlv(0x89, b"x")) is None
    assert accesses(access("1.2.3", place=b"x")) == (("1.2.3", (6, b"x")),)
    assert accesses(tlv(0x30)) is None


@given(st.binary(max_size=80))
def test_nothing_raises(data: bytes) -> None:
    for value in (data, tlv(0x30, data), tlv(0x30, tlv(0x30, data)), tlv(0x30, tlv(0xA0, tlv(0x30, data)))):
        general_names(value)
        crl_points(value)
        tn_entries(value)
        accesses(value)
        claim_constraints(value, enhanced=True)
