from __future__ import annotations

import datetime as dt

import pytest
from tests.verify.lint.certificates import (
    OWN_KEY_ID,
    algorithm,
    bits,
    crl_points,
    intermediate,
    key_info,
    leaf,
    name,
    policies,
    root,
    tlv,
)

from ringfence.verify.lint.fields import Fields, is_signed_by, read_fields
from ringfence.verify.lint.oids import Ext, Name, Policy


def fields(der: bytes) -> Fields:
    read = read_fields(der)
    assert isinstance(read, Fields), read
    return read


def test_the_fields_of_a_certificate() -> None:
    read = fields(leaf())
    assert (read.version, read.serial) == (3, 0x700900700900700900700900)
    assert read.subject.text == "CN=SHAKEN 700J,O=Example Telecom,C=US"
    assert read.not_before.seconds == dt.datetime(2024, 1, 1, tzinfo=dt.UTC).timestamp()
    assert (read.is_ca, read.key_usage, read.policies) == (False, {0}, (Policy.US_1_4,))
    assert read.subject_key_id == read.authority_key_id == OWN_KEY_ID
    assert read.spc == "700J"
    assert read.crl_points and read.crl_points[0].urls == ["https://crl.example.com/shaken.crl"]


def test_octets_after_the_certificate_are_left_aside() -> None:
    assert fields(leaf() + b"\n").der == leaf()


def test_who_is_a_root() -> None:
    assert fields(root()).is_root
    assert not fields(intermediate()).is_root
    assert not fields(leaf()).is_root
    # its own name alone makes no root: the signature has to be of its key
    assert not fields(root(info=key_info("SECP384R1"))).is_self_signed
    assert not is_signed_by(fields(root()), b"no key")
    assert not is_signed_by(fields(root(signature_algorithm=algorithm("1.2.3"))), key_info())


def test_an_algorithm_with_parameters_hides_no_root() -> None:
    # real ones have NULL there, for which the library refuses the certificate
    assert fields(root(signature_algorithm=algorithm("1.2.840.10045.4.3.2", b"\5\0"))).is_root


@pytest.mark.parametrize(
    ("attributes", "text"),
    [
        (((Name.ORGANIZATION, "Example, Inc."),), r"O=Example\, Inc."),
        (((Name.COMMON_NAME, " #1\\"),), r"CN=\ #1\\"),
        (((Name.COMMON_NAME, "#1"),), r"CN=\#1"),
        ((("1.2.3", "x"),), "1.2.3=x"),
        (((Name.COMMON_NAME, "x", 0x04),), "CN=?"),
        ((), ""),
    ],
)
def test_names_for_people(attributes, text: str) -> None:
    assert fields(leaf(subject=name(*attributes))).subject.text == text


def test_a_relative_name_of_several_attributes() -> None:
    one = [name((kind, value))[4:] for kind, value in ((Name.COMMON_NAME, "x"), (Name.SERIAL_NUMBER, "1"))]
    assert fields(leaf(subject=tlv(0x30, tlv(0x31, *one)))).subject.text == "CN=x+serialNumber=1"


@pytest.mark.parametrize(
    ("tag", "written", "date"),
    [
        (0x17, b"491231235959Z", "2049-12-31T23:59:59+00:00"),
        (0x17, b"500101000000Z", "1950-01-01T00:00:00+00:00"),
        (0x17, b"2401010000Z", "2024-01-01T00:00:00+00:00"),
        (0x17, b"240101003000-0130", "2024-01-01T02:00:00+00:00"),
        (0x18, b"20500101000000.5Z", "2050-01-01T00:00:00+00:00"),
        (0x17, b"20500101000000Z", None),
        (0x17, b"240230000000Z", None),
        (0x17, b"240101000000+9900", None),
        (0x17, "٢٤0101000000Z".encode(), None),
        (0x18, b"", None),
        (0x04, b"240101000000Z", None),
    ],
)
def test_times(tag: int, written: bytes, date: str | None) -> None:
    seconds = fields(leaf(not_before=written, times=(tag, 0x17))).not_before.seconds
    assert seconds == (dt.datetime.fromisoformat(date).timestamp() if date else None)


@pytest.mark.parametrize(
    ("extension", "value", "attribute", "expected"),
    [
        (Ext.BASIC_CONSTRAINTS, tlv(0x30, b"\1\1\0"), "basic_constraints", (False, None)),
        (Ext.BASIC_CONSTRAINTS, tlv(0x30, b"\1\1\1", b"\2\1\5"), "basic_constraints", (True, 5)),
        (Ext.BASIC_CONSTRAINTS, b"", "basic_constraints", None),
        (Ext.BASIC_CONSTRAINTS, tlv(0x30, b"\5\0"), "basic_constraints", None),
        (Ext.KEY_USAGE, bits(7, 0x00, 0x80), "key_usage", {8}),
        (Ext.KEY_USAGE, tlv(0x03), "key_usage", None),
        (Ext.POLICIES, b"\x30\0", "policies", ()),
        (Ext.POLICIES, tlv(0x30, b"\5\0"), "policies", None),
        (Ext.POLICIES, policies("1.2.3", "1.2.4"), "policies", ("1.2.3", "1.2.4")),
        (Ext.AUTHORITY_KEY_ID, tlv(0x30, b"\x82\1x"), "authority_key_id", None),
        (Ext.SUBJECT_KEY_ID, b"\5\0", "subject_key_id", None),
        (Ext.TN_AUTH_LIST, b"700J", "spc", None),
    ],
)
def test_values_of_extensions(extension: str, value: bytes, attribute: str, expected: object) -> None:
    assert getattr(fields(leaf({extension: (False, value)})), attribute) == expected


def test_of_an_extension_that_is_there_twice_the_first_counts() -> None:
    second = tlv(0x30, b"\x06\x03\x55\x1d\x0f", tlv(0x04, bits(2, 0x04)))
    assert fields(leaf(more=second)).key_usage == {0}
    assert fields(leaf({Ext.CRL_POINTS: (False, crl_points())})).extension(Ext.ISSUER_ALT_NAME) is None


def _with_body(*parts: bytes) -> bytes:
    return tlv(0x30, tlv(0x30, *parts), algorithm("1.2.3"), tlv(0x03, b"\0"))


@pytest.mark.parametrize(
    ("der", "reason"),
    [
        (b"", "no DER SEQUENCE"),
        (b"700J", "no DER SEQUENCE"),
        (leaf()[:-1], "shorter than it says"),
        (tlv(0x30), "no certificate"),
        (tlv(0x30, tlv(0x30), tlv(0x30), tlv(0x04)), "no certificate"),
        (tlv(0x30, tlv(0x30, b"\xff"), tlv(0x30), tlv(0x03)), "body"),
        (_with_body(b"\2\1\1"), "lacks fields"),
        (_with_body(b"\2\0", *[tlv(0x30)] * 5), "serial number"),
        (_with_body(b"\2\1\1", algorithm("1.2.3"), *[tlv(0x30)] * 4), "public key"),
        (leaf(info=tlv(0x30, tlv(0x30), tlv(0x03))), "key algorithm"),
        (leaf(more=b"\xff"), "extensions"),
        (leaf(more=tlv(0x30)), "extension"),
        (leaf(more=tlv(0x30, b"\x06\0", b"\4\0")), "identifier"),
    ],
)
def test_why_a_certificate_cannot_be_taken_apart(der: bytes, reason: str) -> None:
    read = read_fields(der)
    assert isinstance(read, str) and reason in read
