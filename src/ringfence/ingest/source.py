"""Input files: finding them, looking at their beginning, reading them through gzip, bzip2 or zstd."""

from __future__ import annotations

import bz2
import gzip
import io
import zlib
from collections.abc import Callable, Sequence
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


def find(inputs: Sequence[Path]) -> list[Source]:
    """Every file among `inputs`, once; directories are searched, hidden and `_` files (such as _SUCCESS) left
    out.

    Raises InputError for an input that does not exist or a directory without files.
    """
    paths: dict[Path, None] = {}
    for path in inputs:
        try:
            if path.is_dir():
                inside = [p for p in sorted(path.rglob("*")) if p.is_file() and not _hidden(p, path)]
                if not inside:
                    raise InputError(f"{path}: the directory holds no files; name files or another directory")
                paths.update(dict.fromkeys(inside))
            elif path.exists():
                paths[path] = None
            else:
                raise InputError(f"{path}: no such file; check the name")
        except OSError as error:
            raise InputError(f"{path}: {error.strerror or error}") from error
    # of a file that is named in two ways the first counts: its calls would be there twice
    named: dict[Path, Path] = {}
    for path in paths:
        named.setdefault(path.resolve(), path)
    once = list(named.values())
    return [Source(path, label) for path, label in zip(once, _labels(once), strict=True)]


def _hidden(path: Path, top: Path) -> bool:
    return any(part.startswith((".", "_")) for part in path.relative_to(top).parts)


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
        if path.exists() and not path.is_file():
            raise InputError(f"{path}: not a file that can be read twice; save it to a file first")
        try:
            self._file: IO[bytes] = path.open("rb")
            magic = self._file.read(4)
            self._file.seek(0)
        except OSError as error:
            raise InputError(
                f"{path}: cannot be read ({error.strerror or error}); check its permissions"
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
