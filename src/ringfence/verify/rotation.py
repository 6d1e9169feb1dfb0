"""Keys that follow each other: the newest that is in force signs, and what runs out is told in time.

A certificate of SHAKEN is often good for a year, sometimes for days: the next key is put beside the present
one with the moment at which it begins, once its certificate is published at its own x5u.
"""

from __future__ import annotations

import datetime as dt
import tomllib
from collections.abc import Callable, Sequence
from typing import Any

import msgspec

from ringfence.errors import ConfigError
from ringfence.model.rejected import Rejected
from ringfence.verify.certificate import parse_certificates
from ringfence.verify.signer import Signer

DAY = 86_400.0


class KeyRing:
    """Several signers, of which one signs at a time.

    warn: seconds before the end of what is signed with at which `warnings` begins to tell of it. Raises
    ConfigError for no signer at all.
    """

    def __init__(self, signers: Sequence[Signer], *, warn: float = 14 * DAY) -> None:
        self._warn = warn
        self._newest_first: tuple[Signer, ...] = ()
        self.reload(signers)

    def reload(self, signers: Sequence[Signer]) -> None:
        """Other keys from now on, without a restart: whoever signs meanwhile has the old ones or the new."""
        if not signers:
            raise ConfigError("no key to sign with; give at least one")
        # of two that start together the one listed last is the newer
        ordered = sorted(enumerate(signers), key=lambda pair: (pair[1].key.starts, pair[0]), reverse=True)
        self._newest_first = tuple(signer for _, signer in ordered)

    def at(self, now: float) -> Signer | Rejected:
        """The signer at this time. Rejected: reason no_key, where none is in force."""
        for signer in self._newest_first:
            if signer.key.in_force(now):
                return signer
        return Rejected("no_key", None, "no key is in force; add one with a certificate that is")

    def warnings(self, now: float) -> list[str]:
        """What the operator must know, one line each: the end of signing where it is near, and keys that are
        over."""
        keys = [signer.key for signer in self._newest_first]
        found = [f"{k.name}: certificate expired at {_utc(k.not_after)}" for k in keys if now > k.not_after]
        # signing goes on as long as some key takes over where another ends
        end, moved = now, True
        while moved:
            reach = max((k.not_after for k in keys if max(k.starts, k.not_before) <= end), default=now)
            moved, end = reach > end, max(reach, end)
        if isinstance(self.at(now), Rejected):
            later = min((max(k.starts, k.not_before) for k in keys if k.starts > now), default=None)
            found.append(
                "no key is in force" + (f" before {_utc(later)}" if later is not None else "; add one now")
            )
        elif end - now < self._warn:
            found.append(f"signing ends at {_utc(end)}: no key follows; add the next one")
        return found


class KeyEntry(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """One key of a table. key, certificate: files. x5u: where the certificate is published. starts: when it
    is to begin to sign."""

    key: str
    certificate: str
    x5u: str
    starts: dt.datetime | None = None


class KeyTable(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """The keys of a file. spc_numbers: the numbers of each service provider code, as how they start; None:
    a code covers every number. warn_days: see KeyRing."""

    keys: list[KeyEntry]
    spc_numbers: dict[str, list[str]] | None = None
    allow_http: bool = False
    warn_days: float = 14.0


def parse_key_table(octets: bytes, name: str) -> KeyTable:
    """A table of keys from TOML. Raises ConfigError, one line with file and key."""
    try:
        raw: dict[str, Any] = tomllib.loads(octets.decode("utf-8-sig"))
    except UnicodeDecodeError as error:
        raise ConfigError(f"{name}: not UTF-8 at byte {error.start}; save it as UTF-8") from error
    except tomllib.TOMLDecodeError as error:
        raise ConfigError(f"{name}: not TOML: {error}") from error
    try:
        return msgspec.convert(raw, KeyTable)
    except msgspec.ValidationError as error:
        raise ConfigError(f"{name}: {error}; see docs/reference/signing.md") from error


def load_ring(table: KeyTable, read: Callable[[str], bytes], now: float) -> KeyRing:
    """The keys of a table, their files read by `read`. A key whose certificate is over is left out as long as
    another remains: a table need not be tidied at midnight. Raises ConfigError, one line with the key's file.
    """
    signers: list[Signer] = []
    over: KeyEntry | None = None
    for entry in table.keys:
        certificates = parse_certificates(read(entry.certificate))
        if not isinstance(certificates, Rejected) and certificates[0].not_after < now:
            over = entry
        else:
            signers.append(_signer(entry, table, read, now))
    if not signers and over is not None:
        signers.append(_signer(over, table, read, now))  # which says so
    return KeyRing(signers, warn=table.warn_days * DAY)


def _signer(entry: KeyEntry, table: KeyTable, read: Callable[[str], bytes], now: float) -> Signer:
    starts = entry.starts
    if starts is not None and starts.tzinfo is None:
        starts = starts.replace(tzinfo=dt.UTC)
    try:
        return Signer(
            read(entry.key),
            read(entry.certificate),
            entry.x5u,
            now=now,
            starts=None if starts is None else starts.timestamp(),
            spc_numbers=table.spc_numbers,
            allow_http=table.allow_http,
        )
    except ConfigError as error:
        raise ConfigError(f"{entry.key}: {error}") from error


def _utc(seconds: float) -> str:
    return dt.datetime.fromtimestamp(seconds, dt.UTC).strftime("%Y-%m-%d %H:%M UTC")
