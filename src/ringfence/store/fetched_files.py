"""A folder that keeps fetched answers over restarts, as many as fit.

One file for each URL, named by its hash: a line with the digest of what follows, a line of JSON, and the body
as received, so whole chains are kept. A file takes the place of the former one at once or not at all; one
that is damaged, or is another URL's, counts as none, and the next answer replaces it. Several processes may
share a folder. Only its owner may write there: what is in it is used without asking again.
"""

from __future__ import annotations

import contextlib
import hashlib
import os
import stat
import tempfile
from pathlib import Path

import msgspec

from ringfence.errors import ConfigError

#: What a file costs at least: a block.
_BLOCK = 4_096
#: A larger file was not written here.
_LARGEST = 1 << 24
#: Seconds after which an unfinished file was left behind by a process that died.
_ABANDONED = 3_600.0
_UNFINISHED = ".unfinished-"


class Kept(msgspec.Struct, frozen=True):
    """An answer and until when it may be used; times in seconds since 1970.

    fetched: when it came. fresh_until, renew_until, error_until: see `ringfence.serve.answer_lifetime`.
    """

    url: str
    body: bytes
    fetched: float
    fresh_until: float
    renew_until: float
    error_until: float


class _Head(msgspec.Struct):
    url: str
    fetched: float
    fresh_until: float
    renew_until: float
    error_until: float


class FetchedFiles:
    """The answers kept in one folder, of at most `most_bytes` together; the longest unused go first."""

    def __init__(self, folder: Path, most_bytes: int) -> None:
        """Makes the folder (mode 0700) where there is none.

        Raises ConfigError where it cannot be used, or others may write there.
        """
        try:
            folder.mkdir(mode=0o700, parents=True, exist_ok=True)
            found = folder.stat()
        except OSError as error:
            raise ConfigError(f"{folder}: no folder for fetched certificates ({error.strerror})") from error
        if found.st_mode & (stat.S_IWGRP | stat.S_IWOTH):
            raise ConfigError(f"{folder}: others may write there, so what is in it proves nothing; chmod 700")
        if not os.access(folder, os.R_OK | os.W_OK | os.X_OK):
            raise ConfigError(f"{folder}: cannot be written; name another in fetch.cache_dir")
        self._folder = folder
        self._most = most_bytes
        self._bytes: int | None = None  # not counted yet

    def read(self, url: str, now: float) -> Kept | None:
        """What is kept of a URL, fresh or not; None where there is nothing that can be trusted."""
        path = self._path(url)
        try:
            # neither a link to elsewhere nor a pipe that would block
            descriptor = os.open(path, os.O_RDONLY | os.O_NOFOLLOW | os.O_NONBLOCK)
        except OSError:
            return None
        try:
            about = os.fstat(descriptor)
            if not stat.S_ISREG(about.st_mode) or about.st_size > _LARGEST:
                return None
            with os.fdopen(descriptor, "rb", closefd=False) as file:
                kept = _decode(file.read(_LARGEST))
            if kept is None or kept.url != url:
                return None
            with contextlib.suppress(OSError):
                os.utime(descriptor, (now, now))  # used now, so others go first
        except OSError:
            return None
        finally:
            os.close(descriptor)
        return kept

    def write(self, kept: Kept) -> bool:
        """Keep an answer in place of the former one; False where that was not possible, such as on a full
        disk: then the former one is still there."""
        content = _encode(kept)
        try:
            descriptor, name = tempfile.mkstemp(dir=self._folder, prefix=_UNFINISHED)  # mode 0600
            unfinished = Path(name)
            try:
                with os.fdopen(descriptor, "wb") as file:
                    file.write(content)
                os.utime(unfinished, (kept.fetched, kept.fetched))
                unfinished.replace(self._path(kept.url))
            except BaseException:
                unfinished.unlink(missing_ok=True)
                raise
            if self._bytes is not None:
                self._bytes += _cost(len(content))
            if self._bytes is None or self._bytes > self._most:
                self._prune(kept.fetched)
        except OSError:
            return False
        return True

    def _prune(self, now: float) -> None:
        """Count what is there, and delete what was unused longest until a tenth of the room is free."""
        files = []
        with os.scandir(self._folder) as entries:
            for entry in entries:
                with contextlib.suppress(OSError):  # another process may delete too
                    about = entry.stat(follow_symlinks=False)
                    if entry.name.startswith(_UNFINISHED):
                        if about.st_mtime < now - _ABANDONED:
                            Path(entry.path).unlink()
                    elif stat.S_ISREG(about.st_mode):
                        files.append((about.st_mtime, entry.path, _cost(about.st_size)))
        total = sum(cost for *_, cost in files)
        if total > self._most:
            for _, path, cost in sorted(files):
                if total <= self._most * 0.9:
                    break
                Path(path).unlink(missing_ok=True)
                total -= cost
        self._bytes = total

    def _path(self, url: str) -> Path:
        return self._folder / hashlib.sha256(url.encode("utf-8", "surrogatepass")).hexdigest()


def _encode(kept: Kept) -> bytes:
    head = _Head(kept.url, kept.fetched, kept.fresh_until, kept.renew_until, kept.error_until)
    rest = msgspec.json.encode(head) + b"\n" + kept.body
    return hashlib.sha256(rest).hexdigest().encode() + b"\n" + rest


def _decode(content: bytes) -> Kept | None:
    digest, _, rest = content.partition(b"\n")
    if digest != hashlib.sha256(rest).hexdigest().encode():
        return None
    line, _, body = rest.partition(b"\n")
    try:
        head = msgspec.json.decode(line, type=_Head)
    except msgspec.DecodeError:
        return None
    return Kept(head.url, body, head.fetched, head.fresh_until, head.renew_until, head.error_until)


def _cost(size: int) -> int:
    return -(-size // _BLOCK) * _BLOCK
