"""Whatever a switch wrote as a number, read as E.164: one value at a time (columns: `normalise`).

Text is hostile: nothing here raises for it, a value that cannot be read is None with a reason.
"""

from __future__ import annotations

import re
import unicodedata
from urllib.parse import unquote

import phonenumbers

from ringfence.numbers.dialling import (
    Dialling,
    Normalised,
    country_code_of,
    dialling,
    read_digits,
    read_international,
    unread,
)
from ringfence.numbers.tokens import is_token

#: Longer text is no telephone number; the longest honest one is a URI with trunk parameters.
MAX_LENGTH = 1024

_WITHHELD = frozenset(
    {
        *(
            "anonymous",
            "anon",
            "restricted",
            "unavailable",
            "withheld",
            "private",
            "unknown",
            "blocked",
            "clir",
        ),
        *(
            "numberwithheld",
            "withheldnumber",
            "callerwithheld",
            "privatenumber",
            "nocallerid",
            "idunavailable",
        ),
        *("notavailable", "unknowncaller", "unknownnumber", "callerunknown", "anonymous.invalid"),
    }
)
_EMPTY = frozenset({"", "null", "none", "nan", "nil", "n/a", "na", r"\n", "-", "--", "?"})
_BRACKETED = re.compile(r"<([^<>]*)>?")
_SCHEME = re.compile(r"\s*(sips?|tel):(?://)?", re.IGNORECASE)
_EXTENSION = re.compile(r"(?<=\d)\s*[,;]?\s*(?:ext(?:ension|n)?\.?|x|#)\s*[:.]?\s*\d{1,8}\s*$", re.IGNORECASE)
_OPTIONAL_TRUNK = re.compile(r"[(\[]\s*0\s*[)\]]")
_SEPARATORS = re.compile(r"[\s\-.()\[\]/_·‐-―−~'\"]+")  # RFC 3966 visual separators and what people type
_EXPONENT = re.compile(r"\+?(\d)(?:[.,](\d+))?[eE]\+?(\d{1,2})")
_WHOLE_FLOAT = re.compile(r"\+?(\d{2,15})[.,]0+")
_SERVICE_CODE = re.compile(r"[*#][*#\d+]*")
_CLIR_PREFIX = re.compile(
    r"(?:[*#]31#|\*67|\*82)\s*(?=[+0-9])"
)  # 3GPP TS 22.030; NANP vertical service codes


def normalise(text: str | None, region: str) -> Normalised:
    """One number as E.164 (`+` and digits), or digits alone for a short code or an extension.

    region: ISO 3166 code that says how digits without + are read, or `001` where they are international.
    Reads national and international forms, tel and sip URIs (RFC 3966, RFC 3261 §19.1, RFC 4904), name-addr
    forms and spreadsheet floats; tokens pass unchanged. Returns (None, reason) for what cannot be read; the
    reason `withheld` is an absent caller, not an error. Raises UsageError for an unknown region only.
    """
    rules = dialling(region)
    if text is None:
        return unread("empty")
    if len(text) > MAX_LENGTH:
        return unread("too_long")
    if is_token(text):
        return Normalised(text, None)
    body, context = _unwrap(_plain(text))
    word = re.sub(r"[\s_\-\"']+", "", body).lower()
    if word in _EMPTY or body.lower() in _EMPTY:
        return unread("empty")
    if word in _WITHHELD:
        return unread("withheld")
    if is_token(body):
        return Normalised(body, None)
    return _read(body, context, rules)


def _plain(text: str) -> str:
    """Compatibility forms folded, any script's decimal digits as 0-9, invisible characters dropped."""
    if text.isascii():
        return text.replace("\x00", "").strip()
    text = unicodedata.normalize("NFKC", text)
    kept = []
    for character in text:
        digit = unicodedata.decimal(character, None)
        if digit is not None:
            kept.append(str(digit))
        elif unicodedata.category(character) not in ("Cf", "Cc", "Cs"):
            kept.append(character)
    return "".join(kept).strip()


def _unwrap(text: str) -> tuple[str, str | None]:
    """The number inside a name-addr or URI, and its phone-context where it has one."""
    bracketed = _BRACKETED.search(text)
    if bracketed:
        text = bracketed.group(1)
    scheme = _SCHEME.match(text)
    if not scheme:
        user, at, _ = text.partition("@")
        return (unquote(user) if at else text).strip().strip("\"'").strip(), None
    rest = text[scheme.end() :]
    if scheme.group(1).lower() != "tel":
        userinfo, at, host = rest.partition("@")
        if at and host.lower().startswith("anonymous.invalid"):  # RFC 3323 §4.1.1.3
            return "anonymous", None
        rest = unquote(userinfo)  # without @ there is a host alone: some exports drop the domain
        number, _, parameters = rest.partition(";")
        number = number.partition(":")[0].partition("?")[0]  # password, port, headers
    else:
        number, _, parameters = unquote(rest).partition(";")
    context = re.search(r"(?:^|;)\s*phone-context=(\+[\d().-]+)", parameters, re.IGNORECASE)
    return number.strip(), re.sub(r"\D", "", context.group(1)) if context else None


def _read(body: str, context: str | None, rules: Dialling) -> Normalised:
    """A bare number with its separators: the last step for every form."""
    float_text = _EXPONENT.fullmatch(body) or _WHOLE_FLOAT.fullmatch(body)
    if float_text:
        digits = _digits_of_float(float_text)
        return unread("rounded") if digits is None else read_digits(digits, rules)
    body = _CLIR_PREFIX.sub("", body, count=1)
    body = _EXTENSION.sub("", body)
    body = _OPTIONAL_TRUNK.sub("", body) if _begins_international(body) else body
    plus = body.lstrip(" (['\"").startswith("+")
    digits = _SEPARATORS.sub("", body).removeprefix("+")
    if not digits.isdigit() or not digits.isascii():
        return unread("service_code" if _SERVICE_CODE.fullmatch(digits) else "not_a_number")
    if plus and digits[0] != "0":
        return read_international(digits)
    # no country code begins with 0, so a + before it was put in front of a number as dialled
    return _read_in_context(digits, context) if context else read_digits(digits, rules)


def _begins_international(body: str) -> bool:
    """Whether "(0)" is the trunk prefix of +44 (0)20 …: Italian numbers keep their 0."""
    digits = re.sub(r"\D", "", body)
    return (body.lstrip(" ([").startswith("+") or digits.startswith("00")) and digits.lstrip("0")[:2] != "39"


def _digits_of_float(match: re.Match[str]) -> str | None:
    """The digits of 447700900123.0 or 4.47700900123E11; None where a spreadsheet rounded them away."""
    if match.re is _WHOLE_FLOAT:
        return match.group(1)
    first, fraction, exponent = match.group(1), match.group(2) or "", int(match.group(3))
    fraction = fraction.rstrip("0")
    if len(fraction) > exponent or exponent > 15:
        return None
    # Excel shows six significant digits, R seven; Java and Python print as many as the number has
    if exponent >= 8 and len(fraction) <= 6:
        return None
    return first + fraction.ljust(exponent, "0")


def _read_in_context(digits: str, context: str) -> Normalised:
    """A local number with a global phone-context (RFC 3966 §5.1.5)."""
    code = country_code_of(context)
    if code is None:
        return unread("no_such_country")
    if len(context) == len(str(code)):
        region = phonenumbers.region_code_for_country_code(code)
        if region in phonenumbers.SUPPORTED_REGIONS:
            national = read_digits(digits, dialling(region))
            if national.number and national.number.startswith("+"):
                return national
    return read_international(context + digits)
