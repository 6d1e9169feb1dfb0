"""Exact numbers of bytes from a file that is read in large blocks."""

from __future__ import annotations

from typing import Protocol

BLOCK = 1 << 20


class Readable(Protocol):
    def read(self, size: int, /) -> bytes: ...


class ByteStream:
    """Forward reading in exact pieces: quick for the small pieces captures are made of."""

    def __init__(self, source: Readable) -> None:
        self._source = source
        self._buffer = b""
        self._position = 0

    def take(self, size: int) -> bytes:
        """The next `size` bytes; fewer only at the end."""
        start = self._position
        end = start + size
        if end <= len(self._buffer):
            self._position = end
            return self._buffer[start:end]
        piece = self._buffer[start:]
        while len(piece) < size:
            block = self._source.read(max(BLOCK, size - len(piece)))
            if not block:
                self._buffer, self._position = b"", 0
                return piece
            missing = size - len(piece)
            piece += block[:missing]
            self._buffer, self._position = block, min(missing, len(block))
        return piece

    def skip(self, size: int) -> bool:
        """Pass over `size` bytes in bounded memory; False if the file ends first."""
        while size > 0:
            piece = self.take(min(size, BLOCK))
            if not piece:
                return False
            size -= len(piece)
        return True
