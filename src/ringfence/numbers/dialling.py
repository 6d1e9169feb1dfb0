"""How a country's digits become E.164: country codes, trunk and international prefixes, lengths.

Digits in, E.164 out; what a number *is* belongs to `plan`. The UK and North America have their rules here
(Ofcom, National Telephone Numbering Plan; NANPA, numbering rules); other regions use the `phonenumbers`
metadata. Reading is not judging: an unallocated number is still read.
"""

from __future__ import annotations

import re
from functools import lru_cache
from typing import NamedTuple

import phonenumbers
from phonenumbers import PhoneMetadata

from ringfence.errors import UsageError

#: Digits that are always in international form, with + or without: libphonenumber's code for the world.
WORLD = "001"

_COUNTRY_CODES = {str(code): code for code in phonenumbers.COUNTRY_CODE_TO_REGION_CODE}


class Normalised(NamedTuple):
    """number: E.164 with +, digits alone for a short code or extension, or a token; None: not read.
    reason: None where a number was read, else a stable word (docs/reference/numbers.md lists them)."""

    number: str | None
    reason: str | None


def unread(reason: str) -> Normalised:
    return Normalised(None, reason)


class Dialling(NamedTuple):
    """How digits without + are to be read. family: `GB`, `US`, `001` or `other`."""

    region: str
    family: str
    country_code: int


@lru_cache(maxsize=512)
def dialling(region: str) -> Dialling:
    """The dialling rules of an ISO 3166 region, or of the world (`001`). UsageError: unknown region."""
    region = region.upper()
    if region == WORLD:
        return Dialling(WORLD, WORLD, 0)
    code = phonenumbers.country_code_for_region(region) if region in phonenumbers.SUPPORTED_REGIONS else 0
    if not code:
        raise UsageError(f"unknown region {region!r}: give an ISO 3166 code such as GB or US, or 001")
    # Crown dependencies dial as the UK does, Canada and the Caribbean as the United States
    family = {44: "GB", 1: "US"}.get(code, "other")
    return Dialling(region, family, code)


def country_code_of(digits: str) -> int | None:
    """The country code that E.164 digits begin with: no code is the beginning of another (ITU-T E.164)."""
    found = (_COUNTRY_CODES.get(digits[:length]) for length in (1, 2, 3))
    return next((code for code in found if code), None)


def read_international(digits: str) -> Normalised:
    """Digits that begin with a country code."""
    if digits.startswith("440"):
        digits = "44" + digits[3:]  # +44 (0)20 …: the trunk 0 is not part of the number
    code = country_code_of(digits)
    if code is None:
        return unread("no_such_country" if len(digits) >= 7 else "too_short")
    if code in (1, 44):
        return _read_closed_plan(code, digits)
    if not 7 <= len(digits) <= 15:
        return unread("too_short" if len(digits) < 7 else "too_long")
    return Normalised("+" + digits, None)


def _read_closed_plan(code: int, digits: str) -> Normalised:
    """+44 numbers have at most ten digits after the country code, +1 numbers exactly ten."""
    national = digits[len(str(code)) :]
    if len(national) > 10:
        return unread("too_long")
    if len(national) < (10 if code == 1 else 5):
        return unread("too_short")
    if national[0] in ("01" if code == 1 else "0"):
        return unread("no_such_area")
    return Normalised("+" + digits, None)


def read_digits(digits: str, rules: Dialling) -> Normalised:
    """Digits without + as they are dialled in a region."""
    if rules.family == WORLD:
        return read_international(digits.removeprefix("00"))
    if 2 <= len(digits) <= 6 and digits[0] != "0":
        return Normalised(digits, None)  # short code or extension
    if rules.family == "GB":
        return _read_uk(digits)
    if rules.family == "US":
        return _read_nanp(digits)
    return _read_elsewhere(digits, rules)


_UK_PRIVACY_PREFIX = re.compile(r"(?:141|1470)(?=0\d{9,})")
_UK_SHORT_NATIONAL = re.compile(r"8001111|84546\d\d")  # Childline, NHS Direct: the only seven-digit numbers


def _read_uk(digits: str) -> Normalised:
    digits = _UK_PRIVACY_PREFIX.sub("", digits, count=1)
    if digits.startswith("00"):
        return read_international(digits[2:])
    if digits.startswith("044") and len(digits) >= 12:
        return read_international(digits[1:])  # there is no area code 04
    if digits.startswith("0"):
        national = digits[1:]
        if len(national) in (9, 10) or _UK_SHORT_NATIONAL.fullmatch(national):
            return Normalised("+44" + national, None)
        return unread("too_long" if len(national) > 10 else "too_short")
    if digits.startswith("44") and len(digits) >= 11:
        return read_international(digits)
    return _without_prefix(digits, "44", "1235789")


def _without_prefix(digits: str, code: str, leading: str) -> Normalised:
    """Ten digits whose trunk prefix a spreadsheet ate; fewer lack their area, more lack a +."""
    if len(digits) == 10 and digits[0] in leading:
        return Normalised(f"+{code}{digits}", None)
    if len(digits) == 1:
        return unread("too_short")
    return unread(
        "no_area_code" if len(digits) < 10 else "no_country_code" if len(digits) <= 15 else "too_long"
    )


_NANP_CARRIER_PREFIX = re.compile(r"101\d{4}(?=[01])")  # 101XXXX: dial-around carrier access


def _read_nanp(digits: str) -> Normalised:
    digits = _NANP_CARRIER_PREFIX.sub("", digits, count=1)
    for prefix in ("011", "00", "01"):  # 01: operator-assisted; 00: not dialled there, but written
        if digits.startswith(prefix):
            return read_international(digits[len(prefix) :])
    if digits.startswith("1") and len(digits) >= 11:
        return read_international(digits)
    return _without_prefix(digits, "1", "23456789")


def _read_elsewhere(digits: str, rules: Dialling) -> Normalised:
    metadata = PhoneMetadata.metadata_for_region(rules.region)
    prefix = metadata.international_prefix if metadata else None
    dialled = re.match(prefix, digits) if prefix else None
    if dialled and dialled.end():
        return read_international(digits[dialled.end() :])
    try:
        number = phonenumbers.parse(digits, rules.region)
    except phonenumbers.NumberParseException:
        return unread("too_short" if len(digits) < 7 else "too_long")
    verdict = phonenumbers.is_possible_number_with_reason(number)
    if verdict == phonenumbers.ValidationResult.IS_POSSIBLE:
        return Normalised(phonenumbers.format_number(number, phonenumbers.PhoneNumberFormat.E164), None)
    if verdict == phonenumbers.ValidationResult.TOO_LONG:
        return unread("too_long")
    return unread("no_area_code")
