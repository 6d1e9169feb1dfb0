"""RFC 5280 section 4.1: the fields of a certificate that are no extensions."""

from __future__ import annotations

import re

from ringfence.verify.lint import der
from ringfence.verify.lint.fields import Attribute, DistinguishedName, Fields, Time
from ringfence.verify.lint.oids import Ext, Name
from ringfence.verify.lint.rules import Check, Rulebook, any_certificate, ca, leaf

BOOK = Rulebook("RFC5280")

#: The alphabet of PrintableString (X.680 section 41.4), the space included.
_PRINTABLE = re.compile(r"[A-Za-z0-9 '()+,\-./:=?]*")

#: 2050-01-01: the first day that UTCTime cannot write.
_YEAR_2050 = 2_524_608_000.0

#: How many characters an attribute may have (appendix A.1), by rule.
LENGTHS = {
    "e_subject_common_name_max_length": (Name.COMMON_NAME, 64),
    "e_subject_organization_name_max_length": (Name.ORGANIZATION, 64),
    "e_subject_organizational_unit_name_max_length": (Name.UNIT, 64),
    "e_subject_locality_name_max_length": (Name.LOCALITY, 128),
    "e_subject_state_name_max_length": (Name.STATE, 128),
    "e_subject_dn_serial_number_max_length": (Name.SERIAL_NUMBER, 64),
    "e_subject_email_max_length": (Name.EMAIL, 255),
}


@BOOK.rule("e_cert_extensions_version_not_3", "4.1.2.9", "extensions in version 3 alone", any_certificate)
def extensions_of_version_3(c: Fields) -> str | None:
    return f"a certificate of version {c.version} has extensions" if c.extensions and c.version != 3 else None


@BOOK.rule("e_cert_contains_unique_identifier", "4.1.2.8", "no unique identifiers", any_certificate)
def unique_identifiers(c: Fields) -> str | None:
    return "the certificate has a unique identifier" if c.unique_ids else None


@BOOK.rule(
    "e_cert_unique_identifier_version_not_2_or_3",
    "4.1.2.8",
    "unique identifiers in versions 2 and 3 alone",
    any_certificate,
)
def unique_identifiers_version(c: Fields) -> str | None:
    return "a certificate of version 1 has a unique identifier" if c.unique_ids and c.version == 1 else None


@BOOK.rule(
    "e_cert_sig_alg_not_match_tbs_sig_alg",
    "4.1.1.2",
    "the signature algorithm is the same inside and outside of what is signed",
    any_certificate,
)
def signature_algorithms_match(c: Fields) -> str | None:
    if c.inner_algorithm.raw == c.outer_algorithm.raw:
        return None
    return "the signature algorithm inside of what is signed is not the one outside"


@BOOK.rule("e_serial_number_not_positive", "4.1.2.2", "a positive serial number", any_certificate)
def serial_number_positive(c: Fields) -> str | None:
    return None if c.serial > 0 else "the serial number is not positive"


@BOOK.rule(
    "e_serial_number_longer_than_20_octets",
    "4.1.2.2",
    "a serial number of at most 20 octets",
    any_certificate,
)
def serial_number_length(c: Fields) -> str | None:
    octets = c.serial.bit_length() // 8 + 1  # a sign bit counts
    return None if octets <= 20 else f"the serial number has {octets} octets"


@BOOK.rule("e_issuer_field_empty", "4.1.2.4", "an issuer that is not empty", any_certificate)
def issuer_empty(c: Fields) -> str | None:
    return "the issuer is empty" if c.issuer.attributes == () else None


@BOOK.rule("e_ca_subject_field_empty", "4.1.2.6", "a CA's subject is not empty", ca)
def ca_subject_empty(c: Fields) -> str | None:
    return "the subject is empty" if c.subject.attributes == () else None


@BOOK.rule("e_subject_empty_without_san", "4.1.2.6", "a subject, or a subject alternative name", leaf)
def subject_empty(c: Fields) -> str | None:
    if c.subject.attributes != () or c.extension(Ext.SUBJECT_ALT_NAME):
        return None
    return "the subject is empty, and there is no subject alternative name"


@BOOK.rule("e_subject_not_dn", "4.1.2.6", "the subject is a distinguished name", any_certificate)
def subject_malformed(c: Fields) -> str | None:
    return "the subject is no distinguished name" if c.subject.attributes is None else None


@BOOK.rule("e_issuer_not_dn", "4.1.2.4", "the issuer is a distinguished name", any_certificate)
def issuer_malformed(c: Fields) -> str | None:
    return "the issuer is no distinguished name" if c.issuer.attributes is None else None


def _not_printable(name: DistinguishedName, kind: str) -> list[Attribute]:
    return [a for a in name.attributes or () if a.type == kind and a.tag != der.PRINTABLE_STRING]


@BOOK.rule(
    "e_subject_dn_country_not_printable_string",
    "A.1",
    "the subject's country is a PrintableString",
    any_certificate,
)
def subject_country_printable(c: Fields) -> str | None:
    return "the subject's country is no PrintableString" if _not_printable(c.subject, Name.COUNTRY) else None


@BOOK.rule(
    "e_issuer_dn_country_not_printable_string",
    "A.1",
    "the issuer's country is a PrintableString",
    any_certificate,
)
def issuer_country_printable(c: Fields) -> str | None:
    return "the issuer's country is no PrintableString" if _not_printable(c.issuer, Name.COUNTRY) else None


@BOOK.rule(
    "e_subject_dn_serial_number_not_printable_string",
    "A.1",
    "the subject's serialNumber is a PrintableString",
    any_certificate,
)
def subject_serial_printable(c: Fields) -> str | None:
    return (
        "the subject's serialNumber is no PrintableString"
        if _not_printable(c.subject, Name.SERIAL_NUMBER)
        else None
    )


@BOOK.rule(
    "e_subject_printable_string_badalpha", "A.1", "PrintableStrings keep to their alphabet", any_certificate
)
def printable_alphabet(c: Fields) -> str | None:
    for a in c.subject.attributes or ():
        if a.tag == der.PRINTABLE_STRING and (a.value is None or not _PRINTABLE.fullmatch(a.value)):
            return f"the {Name.SHORT.get(a.type, a.type)} is a PrintableString with characters that none has"
    return None


@BOOK.rule(
    "e_subject_dn_not_printable_characters", "A.1", "no control characters in the subject", any_certificate
)
def control_characters(c: Fields) -> str | None:
    for a in c.subject.attributes or ():
        if a.value is not None and any(ord(ch) < 0x20 or 0x7F <= ord(ch) < 0xA0 for ch in a.value):
            return f"the {Name.SHORT.get(a.type, a.type)} of the subject has control characters"
    return None


def _at_most(kind: str, limit: int) -> Check:
    called = Name.SHORT[kind]

    def check(c: Fields) -> str | None:
        longest = max(map(len, c.subject.values(kind)), default=0)
        return (
            f"the {called} of the subject has {longest} characters, not at most {limit}"
            if longest > limit
            else None
        )

    return check


for _rule, (_kind, _limit) in LENGTHS.items():
    _demand = f"{Name.SHORT[_kind]} of at most {_limit} characters in the subject"
    BOOK.rule(_rule, "A.1", _demand, any_certificate)(_at_most(_kind, _limit))


def _times(c: Fields, tag: int) -> list[Time]:
    return [time for time in (c.not_before, c.not_after) if time.tag == tag]


@BOOK.rule("e_validity_malformed", "4.1.2.5", "the validity is two times that can be read", any_certificate)
def validity_malformed(c: Fields) -> str | None:
    unread = [time.written for time in (c.not_before, c.not_after) if time.seconds is None]
    return f"no time that can be read: {unread[0][:40]!r}" if unread else None


@BOOK.rule("e_validity_time_not_positive", "4.1.2.5", "the validity ends after it begins", any_certificate)
def validity_reversed(c: Fields) -> str | None:
    begins, ends = c.not_before.seconds, c.not_after.seconds
    return (
        "the validity ends before it begins"
        if begins is not None and ends is not None and ends < begins
        else None
    )


@BOOK.rule("e_wrong_time_format_pre2050", "4.1.2.5", "times before 2050 as UTCTime", any_certificate)
def time_before_2050(c: Fields) -> str | None:
    early = [t for t in _times(c, der.GENERALIZED_TIME) if t.seconds is not None and t.seconds < _YEAR_2050]
    return f"GeneralizedTime for a year before 2050: {early[0].written}" if early else None


@BOOK.rule("e_utc_time_not_in_zulu", "4.1.2.5.1", "UTCTime in Greenwich mean time (Z)", any_certificate)
def utc_time_zone(c: Fields) -> str | None:
    return _unless(c, der.UTC_TIME, r".*Z", "is not in Greenwich mean time (Z)")


@BOOK.rule("e_utc_time_does_not_include_seconds", "4.1.2.5.1", "UTCTime with seconds", any_certificate)
def utc_time_seconds(c: Fields) -> str | None:
    return _unless(c, der.UTC_TIME, r"\d{12}\D.*", "has no seconds")


@BOOK.rule(
    "e_generalized_time_not_in_zulu",
    "4.1.2.5.2",
    "GeneralizedTime in Greenwich mean time (Z)",
    any_certificate,
)
def generalized_time_zone(c: Fields) -> str | None:
    return _unless(c, der.GENERALIZED_TIME, r".*Z", "is not in Greenwich mean time (Z)")


@BOOK.rule(
    "e_generalized_time_does_not_include_seconds",
    "4.1.2.5.2",
    "GeneralizedTime with seconds",
    any_certificate,
)
def generalized_time_seconds(c: Fields) -> str | None:
    return _unless(c, der.GENERALIZED_TIME, r"\d{14}\D?.*", "has no seconds")


@BOOK.rule(
    "e_generalized_time_includes_fraction_seconds",
    "4.1.2.5.2",
    "GeneralizedTime without fractions of seconds",
    any_certificate,
)
def generalized_time_fraction(c: Fields) -> str | None:
    return _unless(c, der.GENERALIZED_TIME, r"[^.,]*", "has fractions of seconds")


def _unless(c: Fields, tag: int, pattern: str, fault: str) -> str | None:
    """The fault, with the first time of this type that is not written like the pattern."""
    wrong = next((time for time in _times(c, tag) if not re.fullmatch(pattern, time.written, re.S)), None)
    return f"{wrong.written[:40]} {fault}" if wrong else None
