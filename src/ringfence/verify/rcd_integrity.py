"""The octets of rich call data: JSON pointers, addresses and digests of rcdi (RFC 9795, RFC 6901, RFC 7095).

What could not be checked against the text of RFC 9795 is said in `ringfence.verify.rcd`.
"""

from __future__ import annotations

import base64
import binascii
import functools
import hashlib
import hmac
import json
from collections.abc import Iterator, Mapping, Sequence
from typing import Any
from urllib.parse import urlsplit

import msgspec

from ringfence.verify.passport import canonical_json

#: Addresses of one call's card, at most: each is a fetch that a stranger asks for.
MOST_RESOURCES = 8

LONGEST_URL = 2048
ALGORITHMS = ("sha256", "sha384", "sha512")


def jcard_fault(card: Any) -> str | None:
    """Why this is no jCard (RFC 7095 section 3.1), in words."""
    if not isinstance(card, list) or len(card) != 2 or card[0] != "vcard" or not isinstance(card[1], list):
        return 'is not ["vcard", [properties]]'
    for entry in card[1]:
        if not isinstance(entry, list) or len(entry) < 4:
            return "has a property of fewer than four parts"
        if not isinstance(entry[0], str) or not isinstance(entry[1], dict) or not isinstance(entry[2], str):
            return "has a property that is not name, parameters, type and value"
    return None


def digests_fault(rcdi: Any) -> str | None:
    """Why this is no rcdi claim, in words; None where it is, or is not there."""
    if rcdi is None:
        return None
    if not isinstance(rcdi, Mapping) or not rcdi:
        return "rcdi is no object of digests"
    for pointer, digest in rcdi.items():
        if not isinstance(pointer, str) or not pointer.startswith("/"):
            return f"rcdi: {pointer!r:.40} is no JSON pointer"
        if not isinstance(digest, str) or _parsed(digest) is None:
            return f"rcdi {pointer:.40}: no digest of {', '.join(ALGORITHMS)}"
    return None


def digest(octets: bytes, algorithm: str = "sha256") -> str:
    """The text of a digest in rcdi: algorithm, hyphen, base64."""
    return f"{algorithm}-{base64.b64encode(hashlib.new(algorithm, octets).digest()).decode()}"


def resources(rich: Mapping[str, Any], contents: Mapping[str, bytes] | None = None) -> tuple[str, ...]:
    """The addresses whose octets are needed for the digests, and are not in `contents` yet. Empty: all is
    here. To be asked again when they are fetched: a card at an address may name others, one level deep.

    rich: claims that `rich_fault` takes. The fetcher's guards are those of x5u."""
    held = contents or {}
    rcd = rich.get("rcd") or {}
    wanted: dict[str, None] = {}
    for pointer in rich.get("rcdi") or {}:
        url = url_of(rcd, pointer, held)
        if url is not None:
            wanted[url] = None
    return tuple(url for url in list(wanted)[:MOST_RESOURCES] if url not in held)


def integrity_fault(rich: Mapping[str, Any], contents: Mapping[str, bytes]) -> str | None:
    """Which digest is not that of what it points at, in words; None where all that are here hold. What is
    not in `contents` is not judged: `shown` withholds it."""
    rcd = rich.get("rcd") or {}
    for pointer, text in (rich.get("rcdi") or {}).items():
        url = url_of(rcd, pointer, contents)
        if url is not None:
            if url in contents and not _holds(text, contents[url], pointer == "/jcl"):
                return f"{pointer}: the octets at {url:.80} are not those that were signed"
            continue
        found, value = resolve(rcd, pointer, contents)
        if not found:
            if _waits(rcd, pointer, contents):
                continue
            return f"{pointer:.40} points at nothing"
        if not _equal(text, canonical(value) or b""):
            return f"{pointer}: not what was signed"
    return None


def url_of(rcd: Mapping[str, Any], pointer: str, held: Mapping[str, bytes]) -> str | None:
    """The address that a pointer leads to, where what counts is the octets there."""
    if pointer in ("/icn", "/jcl"):
        value = rcd.get(pointer[1:])
        return value if isinstance(value, str) else None
    parts = pointer.split("/")
    if parts[1] not in ("jcd", "jcl") or len(parts) != 5 or parts[4] != "3":
        return None
    found, entry = resolve(rcd, "/".join(parts[:4]), held)
    if not found or not isinstance(entry, list) or len(entry) < 4 or entry[2] != "uri":
        return None
    return entry[3] if is_https(entry[3]) else None


def resolve(rcd: Mapping[str, Any], pointer: str, held: Mapping[str, bytes]) -> tuple[bool, Any]:
    """Whether a JSON pointer (RFC 6901) leads somewhere in rcd, and to what. One into `jcl` leads into the
    card at its address."""
    value: Any = rcd
    for step, part in enumerate(_parts(pointer)):
        if step == 1 and pointer.startswith("/jcl/"):
            value = jcard_at(value, held)
        if isinstance(value, Mapping) and part in value:
            value = value[part]
        elif isinstance(value, Sequence) and not isinstance(value, str) and _is_index(part, len(value)):
            value = value[int(part)]
        else:
            return False, None
    return True, value


def jcard_at(url: Any, held: Mapping[str, bytes]) -> list[Any] | None:
    """The jCard at an address; None where there is none."""
    try:
        card = json.loads(held[url])
    except (KeyError, TypeError, ValueError, RecursionError):
        return None
    return card if jcard_fault(card) is None else None


def is_https(url: Any) -> bool:
    """Whether this is an address that may be fetched."""
    return isinstance(url, str) and len(url) <= LONGEST_URL and _is_https(url)


@functools.lru_cache(maxsize=1024)  # a caller's image is at the same address in all its calls
def _is_https(url: str) -> bool:
    if any(not "\x20" < c < "\x7f" for c in url):
        return False
    try:
        parts = urlsplit(url)
        return parts.scheme == "https" and bool(parts.hostname) and parts.username is None
    except ValueError:
        return False


def _parts(pointer: str) -> Iterator[str]:
    for part in pointer.split("/")[1:]:
        yield part.replace("~1", "/").replace("~0", "~")


def _is_index(part: str, length: int) -> bool:
    plain = part.isascii() and part.isdigit() and len(part) <= 6 and (part == "0" or part[0] != "0")
    return plain and int(part) < length


def _waits(rcd: Mapping[str, Any], pointer: str, held: Mapping[str, bytes]) -> bool:
    """Whether a pointer leads into a card that was not fetched."""
    return pointer.startswith("/jcl/") and isinstance(rcd.get("jcl"), str) and rcd["jcl"] not in held


def _holds(text: str, octets: bytes, may_be_json: bool) -> bool:
    if _equal(text, octets):
        return True
    if not may_be_json:
        return False
    try:
        written = canonical(json.loads(octets))
    except (ValueError, RecursionError):
        return False
    return written is not None and _equal(text, written)


def canonical(value: Any) -> bytes | None:
    """Canonical JSON of what a stranger sent; None where it is nested too deep to write."""
    try:
        return canonical_json(value)
    except (ValueError, RecursionError, TypeError, msgspec.MsgspecError):
        return None


def _equal(text: str, octets: bytes) -> bool:
    parsed = _parsed(text)
    return parsed is not None and hmac.compare_digest(parsed[1], hashlib.new(parsed[0], octets).digest())


def _parsed(text: str) -> tuple[str, bytes] | None:
    algorithm, _, encoded = text.partition("-")
    if algorithm not in ALGORITHMS:
        return None
    standard = encoded.rstrip("=").replace("-", "+").replace("_", "/")
    try:
        octets = base64.b64decode(standard + "=" * (-len(standard) % 4), validate=True)
    except (binascii.Error, ValueError):
        return None
    return (algorithm, octets) if len(octets) == hashlib.new(algorithm).digest_size else None
