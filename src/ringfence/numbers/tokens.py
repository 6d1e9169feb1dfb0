"""The product's one token scheme: a number hidden behind a keyed hash, the same number always the same token.

    t1:<key id>:<26 base32 characters>        e.g. t1:k7m2x4qa:mfrggzdfmztwq2lkonswg4tfoq

HMAC-SHA256 (RFC 2104) of the E.164 number under a secret key, cut to 128 bits, in lower-case base32
(RFC 4648). `t1` is the scheme's version; the key id is derived from the key, so a token says which key made
it and a wrong key cannot be mistaken for the right one. What is learned of a number before it is hidden is
in `hiding`. An unkeyed hash would not do: all numbers of a country can be hashed in minutes.
"""

from __future__ import annotations

import base64
import binascii
import hashlib
import hmac
import os
import re
import secrets
import stat
from collections.abc import Sequence
from pathlib import Path

import msgspec
import numpy as np
import pyarrow as pa

from ringfence.errors import InputError, UsageError

VERSION = "t1"
KEY_BYTES = 32
#: What a whole token looks like, for engines too.
TOKEN_PATTERN = r"^t1:[a-z2-7]{8}:[a-z2-7]{26}$"
_TOKEN = re.compile(TOKEN_PATTERN.strip("^$"))
_NUMBER_DOMAIN = b"ringfence number t1\x00"
_KEY_ID_DOMAIN = b"ringfence key id t1\x00"
_KEY_LINE = "ringfence-key-1"
_ALPHABET = np.frombuffer(b"abcdefghijklmnopqrstuvwxyz234567", dtype=np.uint8)


def is_token(text: str) -> bool:
    """Whether `text` is a token of this scheme, under whatever key."""
    return _TOKEN.fullmatch(text) is not None


def key_id_of(token: str) -> str | None:
    """The id of the key that made a token, or None where `token` is none."""
    return token.split(":")[1] if is_token(token) else None


def _base32(data: bytes) -> str:
    return base64.b32encode(data).decode("ascii").rstrip("=").lower()


def _base32_of_each(digests: bytes) -> list[str]:
    """RFC 4648 base32 of each 16 bytes, 26 characters: by column, six times as fast as one by one."""
    bits = np.unpackbits(np.frombuffer(digests, dtype=np.uint8).reshape(-1, 16), axis=1)
    groups = np.pad(bits, ((0, 0), (0, 2))).reshape(-1, 26, 5)
    values = np.packbits(groups, axis=2)[:, :, 0] >> 3
    text: list[bytes] = _ALPHABET[values].view("S26")[:, 0].tolist()
    return [word.decode("ascii") for word in text]


class TokenKey(msgspec.Struct, frozen=True):
    """A secret of 32 bytes and the id that its tokens carry."""

    secret: bytes

    def __repr__(self) -> str:  # a secret must not reach a log or a traceback
        return f"TokenKey({self.id})"

    @property
    def id(self) -> str:
        """Eight base32 characters, derived from the secret."""
        return _base32(hmac.digest(self.secret, _KEY_ID_DOMAIN, hashlib.sha256)[:5])

    def token(self, number: str) -> str:
        """The token of a normalised number (E.164 or short code). A token is returned as it is."""
        return self.tokens([number])[0]

    def tokens(self, numbers: Sequence[str]) -> list[str]:
        """The tokens of many normalised numbers, in their order."""
        start = f"{VERSION}:{self.id}:"
        made: list[str] = []
        for first in range(0, len(numbers), 100_000):
            chunk = numbers[first : first + 100_000]
            digests = b"".join(
                hmac.digest(self.secret, _NUMBER_DOMAIN + n.encode("utf-8", "replace"), "sha256")[:16]
                for n in chunk
            )
            words = _base32_of_each(digests)
            made += [n if is_token(n) else start + word for n, word in zip(chunk, words, strict=True)]
        return made

    def hide(self, numbers: pa.Array | pa.ChunkedArray) -> pa.Array:
        """A string column of numbers as tokens, nulls kept; each distinct number is hashed once."""
        column = numbers.combine_chunks() if isinstance(numbers, pa.ChunkedArray) else numbers
        encoded = column.cast(pa.string()).dictionary_encode()
        tokens = pa.array(self.tokens(encoded.dictionary.to_pylist()), pa.string())
        return tokens.take(encoded.indices)


class KeyRing(msgspec.Struct, frozen=True):
    """Keys of one file. The first hides; the older ones are kept to recognise what they hid.

    Tokens of different keys cannot be joined: rotate where a break in the history is wanted.
    """

    keys: tuple[TokenKey, ...]

    @property
    def current(self) -> TokenKey:
        return self.keys[0]

    def by_id(self, key_id: str) -> TokenKey | None:
        return next((key for key in self.keys if key.id == key_id), None)

    def matches(self, number: str, token: str) -> bool:
        """Whether `token` hides `number`, under the key that it names."""
        key_id = key_id_of(token)
        key = self.by_id(key_id) if key_id else None
        return key is not None and hmac.compare_digest(key.token(number), token)


def new_key() -> TokenKey:
    """A fresh key from the operating system's random source."""
    return TokenKey(secrets.token_bytes(KEY_BYTES))


def write_keys(path: Path, ring: KeyRing, *, replace: bool = False) -> None:
    """Write a key file that only its owner can read (mode 0600). Refuses an existing file unless `replace`.

    Raises UsageError where the file exists or cannot be written.
    """
    lines = [f"{_KEY_LINE}:{key.id}:{base64.b64encode(key.secret).decode('ascii')}\n" for key in ring.keys]
    scratch = path.with_name(f".{path.name}.{os.getpid()}") if replace else path
    try:
        descriptor = os.open(scratch, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
        with os.fdopen(descriptor, "w", encoding="ascii") as file:
            file.write(
                "# Ringfence token keys, the current one first. Whoever has this file can undo the hiding.\n"
            )
            file.writelines(lines)
        if replace:
            scratch.replace(path)
    except FileExistsError:
        raise UsageError(
            f"{path} exists: keep it, add --rotate to put a new key in front, or name another"
        ) from None
    except OSError as error:
        raise UsageError(f"cannot write the key file {path}: {error.strerror}") from None


def read_keys(path: Path) -> KeyRing:
    """Load a key file. Raises InputError where it is missing, readable by others, or not a key file."""
    try:
        mode = path.stat().st_mode
        text = path.read_text(encoding="ascii")
    except OSError as error:
        raise InputError(f"cannot read the key file {path}: {error.strerror}") from None
    except UnicodeDecodeError:
        raise InputError(f"{path} is not a token key file: make one with ringfence numbers key") from None
    if stat.S_IMODE(mode) & 0o077:
        raise InputError(f"others can read the key file {path}: run chmod 600 on it, or make a new key")
    keys = []
    for position, line in enumerate(text.splitlines(), 1):
        if line.strip() and not line.startswith("#"):
            keys.append(_key_of_line(line.strip(), path, position))
    if not keys:
        raise InputError(f"no key in {path}: make one with ringfence numbers key")
    return KeyRing(tuple(keys))


def _key_of_line(line: str, path: Path, position: int) -> TokenKey:
    word, _, rest = line.partition(":")
    key_id, _, encoded = rest.partition(":")
    try:
        secret = base64.b64decode(encoded, validate=True) if word == _KEY_LINE else b""
    except (binascii.Error, ValueError):
        secret = b""
    key = TokenKey(secret)
    if len(secret) != KEY_BYTES or key.id != key_id:
        raise InputError(f"{path} line {position} is not a token key: restore the file from its backup")
    return key
