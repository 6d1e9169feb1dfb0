"""IP fragments put together again (RFC 791 section 3.2, RFC 8200 section 4.5), in bounded memory."""

from __future__ import annotations

from ringfence.ingest.packets import UDP, Fragment, Segment, transport
from ringfence.sip.message import looks_like_sip

MAX_DATAGRAMS = 4096
MAX_BYTES = 32 << 20
MAX_AGE = 30_000_000  # µs of packet time
_MAX_SIZE = 65_535


class _Datagram:
    __slots__ = ("length", "pieces", "started", "stored")

    def __init__(self, started: int) -> None:
        self.started = started
        self.pieces: dict[int, Fragment] = {}
        self.length = -1  # known once the last piece is there
        self.stored = 0


class Fragments:
    """Pieces of datagrams that wait for the rest. The oldest give way.

    lost: datagrams given up whose first piece was SIP over UDP: those cost a message.

    Of overlapping pieces the first to come wins, which is what most receivers do in IPv4; for IPv6
    RFC 5722 wants such datagrams dropped, and they are.
    """

    def __init__(self) -> None:
        self._waiting: dict[tuple[bytes, bytes, int, int], _Datagram] = {}
        self._bytes = 0
        self.lost = 0

    def add(self, piece: Fragment, time: int) -> Segment | None:
        """One more piece; the whole UDP datagram or TCP segment once nothing is missing."""
        if piece.cut or piece.offset + len(piece.data) > _MAX_SIZE:
            self._give_up(piece.key)
            self.lost += piece.offset == 0 and _is_sip(piece)
            return None
        datagram = self._waiting.get(piece.key)
        if datagram is not None and not -MAX_AGE < time - datagram.started < MAX_AGE:
            self._give_up(piece.key)
            datagram = None
        if datagram is None:
            datagram = self._waiting[piece.key] = _Datagram(time)
        if piece.offset not in datagram.pieces:
            datagram.pieces[piece.offset] = piece
            datagram.stored += len(piece.data)
            self._bytes += len(piece.data)
        if piece.last:
            datagram.length = piece.offset + len(piece.data)
        if 0 <= datagram.length <= datagram.stored:
            whole = self._assemble(datagram, len(piece.source) == 16)
            if whole is not None:
                self._drop(piece.key)
                return transport(piece.protocol, piece.source, piece.destination, whole, 0, len(whole))
        while len(self._waiting) > MAX_DATAGRAMS or self._bytes > MAX_BYTES:
            self._give_up(next(iter(self._waiting)))
        return None

    def _assemble(self, datagram: _Datagram, strict: bool) -> bytes | None:
        whole = bytearray()
        for offset in sorted(datagram.pieces):
            if offset > len(whole):
                return None
            if offset < len(whole) and strict:
                return None
            whole += datagram.pieces[offset].data[len(whole) - offset :]
        return bytes(whole[: datagram.length]) if len(whole) >= datagram.length else None

    def _give_up(self, key: tuple[bytes, bytes, int, int]) -> None:
        datagram = self._waiting.get(key)
        if datagram is not None:
            first = datagram.pieces.get(0)
            self.lost += first is not None and _is_sip(first)
            self._drop(key)

    def close(self) -> None:
        """The capture is over: give up what still waits."""
        for key in list(self._waiting):
            self._give_up(key)

    def _drop(self, key: tuple[bytes, bytes, int, int]) -> None:
        datagram = self._waiting.pop(key, None)
        if datagram is not None:
            self._bytes -= datagram.stored


def _is_sip(first: Fragment) -> bool:
    return first.protocol == UDP and looks_like_sip(first.data[8:])
