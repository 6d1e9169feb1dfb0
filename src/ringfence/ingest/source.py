"""Input files: finding them, looking at their beginning, reading them through gzip, bzip2 or zstd."""

from __future__ import annotations

import bz2
import gzip
import io
import os
import zlib
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path
from typing import IO

import msgspec
import pyarrow as pa

from ringfence.errors import InputError

HEAD = 64 * 1024
_STEP = 1 << 20

_COMPRESSED = {b"\x1f\x8b": "gzip", b"BZh": "bzip2", b"\x28\xb5\x2f\xfd": "zstd"}


class Source(msgspec.Struct, frozen=True):
    """One input file. label: its name in reports, rejects and made call ids, unique among the inputs."""

    path: Path
    label: str

    @property
    def size(self) -> int:
        """Bytes on disk; 0 where that cannot be told."""
        try:
            return self.path.stat().st_size
        except OSError:
            return 0


def find(inputs: Sequence[Path]) -> list[Source]:
    """Every file among `inputs`, once; directories are searched, hidden and `_` files (such as _SUCCESS) left
    out. What is there and cannot be opened, a folder too, is among them: reading it tells why.

    Raises InputError for inputs that do not exist or directories without files: all of them in one line.
    """
    paths: dict[Path, None] = {}
    absent, empty = [], []
    for path in inputs:
        if not os.path.lexists(path):
            absent.append(str(path))
            continue
        inside = list(_below(path)) if path.is_dir() else [path]
        if not inside:
            empty.append(str(path))
        paths.update(dict.fromkeys(inside))
    wrong = [f"{', '.join(absent)}: no such file; check the name{'s' if len(absent) > 1 else ''}"] * bool(
        absent
    )
    if empty:
        holds = "the directory holds" if len(empty) == 1 else "these directories hold"
        wrong.append(f"{', '.join(empty)}: {holds} no files; name files or another directory")
    if wrong:
        raise InputError("; ".join(wrong))
    # of a file that is named in two ways the first counts: its calls would be there twice
    named: dict[str, Path] = {}
    for path in paths:
        # Path.resolve raises RuntimeError for a link that leads to itself (Python 3.11); reading tells of it
        named.setdefault(os.path.realpath(path), path)
    once = list(named.values())
    return [Source(path, label) for path, label in zip(once, _labels(once), strict=True)]


def _below(top: Path) -> Iterator[Path]:
    """The files below a directory in order, and directories in it that cannot be opened."""
    closed: list[Path] = []
    found = []
    for folder, folders, files in os.walk(top, onerror=lambda error: closed.append(Path(error.filename))):
        folders[:] = [name for name in folders if not _is_hidden(name)]
        found += [Path(folder, name) for name in files if not _is_hidden(name)]
    yield from sorted(found + closed)


def _is_hidden(name: str) -> bool:
    return name.startswith((".", "_"))


def _labels(paths: list[Path]) -> list[str]:
    """The shortest endings of the paths that tell them apart: usually the file's name alone."""
    labels = [path.name for path in paths]
    longest = max((len(path.absolute().parts) for path in paths), default=0)
    for depth in range(2, longest + 1):
        counts: dict[str, int] = {}
        for label in labels:
            counts[label] = counts.get(label, 0) + 1
        if len(counts) == len(labels):
            break
        labels = [
            label if counts[label] == 1 else "/".join(path.absolute().parts[-depth:])
            for path, label in zip(paths, labels, strict=True)
        ]
    return labels


class Reader(io.RawIOBase):
    """A file's bytes after decompression, read forwards only.

    `position` is the place in the file on disk, for progress. Where a compressed file breaks off, reading
    ends there as at an end of file and `damage` says why.
    """

    def __init__(self, path: Path) -> None:
        self.path = path
        self.damage: str | None = None
        try:
            if path.is_dir():
                next(path.iterdir(), None)  # tells why it was not searched
                raise InputError(f"{path}: a directory; name a file in it")
            if path.exists() and not path.is_file():
                raise InputError(f"{path}: not a file that can be read twice; save it to a file first")
            self._file: IO[bytes] = path.open("rb")
            magic = self._file.read(4)
            self._file.seek(0)
        except OSError as error:
            raise InputError(
                f"{path}: cannot be read ({error.strerror or error}); check its name and permissions"
            ) from error
        kind = next((name for mark, name in _COMPRESSED.items() if magic.startswith(mark)), None)
        # read1 gives what is there before it says that the rest is missing
        if kind == "gzip":
            self._some: Callable[[int], bytes] = gzip.GzipFile(fileobj=self._file).read1
        elif kind == "bzip2":
            self._some = bz2.BZ2File(self._file).read1
        elif kind == "zstd":
            self._some = pa.CompressedInputStream(pa.PythonFile(self._file), "zstd").read
        else:
            self._some = self._file.read
        self.compressed = kind is not None

    @property
    def position(self) -> int:
        return self._file.tell()

    def readable(self) -> bool:
        return True

    def read(self, size: int = -1) -> bytes:
        """Up to `size` bytes, fewer only at the end."""
        parts = []
        wanted = size
        while size < 0 or wanted > 0:
            try:
                part = self._some(min(wanted, _STEP) if size >= 0 else _STEP)
            except (EOFError, OSError, zlib.error, pa.ArrowException) as error:
                self.damage = f"the file breaks off or is damaged: {' '.join(str(error).split())}"
                break
            if not part:
                break
            parts.append(part)
            wanted -= len(part)
        return b"".join(parts)

    def close(self) -> None:
        if not self.closed:
            self._file.close()
        super().close()


def head(path: Path) -> bytes:
    """The first 64 KiB of a file's content, decompressed. Raises InputError if it cannot be read."""
    with Reader(path) as reader:
        return reader.read(HEAD)


def check_filled(path: Path, beginning: bytes) -> None:
    """Raise InputError for a file in whose beginning there is nothing."""
    if not beginning:
        raise InputError(f"{path}: empty; leave it out, or copy it again")
    if not beginning.strip(b"\0 \r\n\t"):
        raise InputError(f"{path}: nothing but blanks and NUL bytes; leave it out, or copy it again")
