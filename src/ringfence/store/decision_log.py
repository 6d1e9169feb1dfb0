"""The decision log: each verdict is on it before its answer goes out.

One folder; each process writes segments of its own, one checksummed line a row. The flush rule: a row is
given to the operating system before `append` returns, so that a process that is killed loses nothing it
acknowledged; the disk is told every `sync_seconds`, so that a machine that loses power loses at most that
much. A line that a death cut off is the last of its segment, and is counted and left out.
"""

from __future__ import annotations

import datetime as dt
import fcntl
import os
import threading
import time
import zlib
from pathlib import Path
from types import TracebackType

import msgspec

from ringfence.errors import RingfenceError
from ringfence.model.decision import Decision

OPEN, DONE = ".open", ".log"

_encode = msgspec.json.Encoder().encode
_decode = msgspec.json.Decoder(Decision).decode


class DecisionLog:
    """The segments of one process. worker: a word that no other process of the folder has at that time."""

    def __init__(
        self,
        folder: Path,
        worker: str = "0",
        *,
        segment_bytes: int = 64 << 20,
        segment_seconds: float = 300.0,
        sync_seconds: float = 1.0,
    ) -> None:
        """Raises RingfenceError where the folder cannot be written."""
        self._folder = folder
        self._worker = worker
        self._most, self._age = segment_bytes, segment_seconds
        self._lock = threading.Lock()
        self._file = -1
        self._path = folder
        self._size = 0
        self._began = 0.0
        self._stop = threading.Event()
        self._unsynced = False
        try:
            folder.mkdir(parents=True, exist_ok=True, mode=0o700)
            recover(folder)
            self._begin()
        except OSError as error:
            raise RingfenceError(
                f"decision log {folder}: {error.strerror or error}; name another folder or free space"
            ) from None
        self._syncing = threading.Thread(target=self._sync, args=(sync_seconds,), daemon=True)
        self._syncing.start()

    def __enter__(self) -> DecisionLog:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()

    def append(self, row: Decision) -> None:
        """Write a row. Raises OSError where the operating system takes it not, or not whole."""
        body = _encode(row)
        line = b"%08x %b\n" % (zlib.crc32(body), body)
        with self._lock:
            if self._size and (
                self._size + len(line) > self._most or time.monotonic() - self._began > self._age
            ):
                self._finish()
                self._begin()
            written = os.write(self._file, line)
            if written != len(line):
                # the rest of a torn line would spoil the next one: end it here, it fails its checksum
                os.write(self._file, b"\n")
                raise OSError(28, "the decision log took half a row", str(self._path))
            self._size += written
            self._unsynced = True

    def close(self) -> None:
        """Finish the segment. The log can be opened again."""
        self._stop.set()
        self._syncing.join()
        with self._lock:
            if self._file >= 0:
                self._finish()

    def _begin(self) -> None:
        stamp = dt.datetime.now(dt.UTC).strftime("%Y%m%dT%H%M%S%f")
        self._path = self._folder / f"decisions-{stamp}-{self._worker}{OPEN}"
        self._file = os.open(self._path, os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_APPEND, 0o600)
        fcntl.flock(self._file, fcntl.LOCK_EX | fcntl.LOCK_NB)
        self._size, self._began = 0, time.monotonic()

    def _finish(self) -> None:
        os.fsync(self._file)
        _finished(self._path)
        os.close(self._file)
        self._file = -1

    def _sync(self, seconds: float) -> None:
        while not self._stop.wait(seconds):
            with self._lock:
                if self._file >= 0 and self._size and time.monotonic() - self._began > self._age:
                    self._finish()
                    self._begin()
                due, file = self._unsynced, os.dup(self._file) if self._unsynced else -1
                self._unsynced = False
            if due:
                try:
                    os.fdatasync(file)
                finally:
                    os.close(file)


def _finished(path: Path) -> None:
    if path.stat().st_size:
        path.rename(path.with_suffix(DONE))
    else:
        path.unlink()


def recover(folder: Path) -> list[Path]:
    """Finish the segments of processes that died: those that nobody holds."""
    found = []
    for path in sorted(folder.glob(f"*{OPEN}")):
        try:
            file = os.open(path, os.O_RDONLY)
        except FileNotFoundError:
            continue  # its process finished it meanwhile
        try:
            fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
            if path.exists():
                _finished(path)
                found.append(path.with_suffix(DONE))
        except BlockingIOError:
            pass
        finally:
            os.close(file)
    return found


def read_segment(path: Path) -> tuple[list[Decision], int]:
    """The rows of a segment, finished or not, and how many lines were cut off or spoilt."""
    return read_lines(path.read_bytes())


def read_lines(data: bytes) -> tuple[list[Decision], int]:
    """The rows of some lines of a segment, and how many lines were cut off or spoilt."""
    rows, damaged = [], 0
    for line in data.split(b"\n"):
        if not line:
            continue
        try:
            if int(line[:8], 16) != zlib.crc32(line[9:]):
                raise ValueError
            rows.append(_decode(line[9:]))
        except (ValueError, msgspec.MsgspecError):
            damaged += 1
    return rows, damaged
