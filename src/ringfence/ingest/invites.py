"""The INVITEs of a capture, whole, for whoever must see their headers rather than the calls they made."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import msgspec

from ringfence.errors import InputError
from ringfence.ingest.bytestream import ByteStream
from ringfence.ingest.capture import Capture, CaptureFormat, Fault
from ringfence.ingest.format import Reject
from ringfence.ingest.hep import FORMAT as HEP
from ringfence.ingest.packets import address_text
from ringfence.ingest.pcap import FORMAT as PCAP
from ringfence.ingest.pcapng import FORMAT as PCAPNG
from ringfence.ingest.source import Reader
from ringfence.model.rejected import Rejected
from ringfence.sip.headers import tag_of
from ringfence.sip.message import Message, parse

HEAD = 65_536
#: INVITEs that are remembered, so that a retransmission is not taken for another call.
_REMEMBERED = 100_000


class Invite(msgspec.Struct, frozen=True):
    """An INVITE that began a call. time: seconds since 1970, as captured. source: its sender's address."""

    message: Message
    time: float
    source: str


class _Invites(Capture):
    def __init__(self, file: str) -> None:
        super().__init__(file)
        self.found: list[Invite] = []
        self._seen: dict[tuple[str, str, str], None] = {}

    def sip(self, data: bytes, time: int | None, source: bytes, cut: bool) -> None:
        if data[:7] != b"INVITE " or time is None:
            return
        message = parse(data)
        if isinstance(message, Rejected):
            self._reject(message.reason, message.detail)
            return
        if tag_of(message.get("to") or ""):
            return  # within a call
        sender = address_text(source) if source else ""
        key = (message.get("call-id") or "", message.get("cseq") or "", sender)
        if key in self._seen:
            return
        self._seen[key] = None
        if len(self._seen) > _REMEMBERED:
            del self._seen[next(iter(self._seen))]
        self.found.append(Invite(message, time / 1e6, sender))

    def taken(self) -> list[Invite | Reject]:
        """What has come since it was last asked."""
        taken: list[Invite | Reject] = [*self.found, *self._rejects]
        self.found, self._rejects = [], []
        return taken


def is_capture(path: Path) -> bool:
    """Whether a file is a pcap, a pcapng or a stream of HEP. Raises InputError where it cannot be read."""
    return _format(path) is not None


def _format(path: Path) -> CaptureFormat | None:
    try:
        with Reader(path) as reader:
            head = reader.read(HEAD)
            return next((f for f in (PCAP, PCAPNG, HEP) if f.recognises(head, path)), None)
    except OSError as error:
        raise InputError(f"{path}: cannot be read ({error.strerror}); check the path") from error


def read_invites(path: Path) -> Iterator[Invite | Reject]:
    """Each INVITE that begins a call, in order, once from each sender; what cannot be read as a Reject.
    Memory does not grow with the file. Raises InputError if it is no capture."""
    kind = _format(path)
    if kind is None:
        raise InputError(f"{path}: no capture; pcap, pcapng and HEP are read")
    with Reader(path) as reader:
        capture = _Invites(str(path))
        for item in kind.packets(ByteStream(reader)):
            if isinstance(item, Fault):
                capture.fault(item)
            else:
                capture.packet(item)
            yield from capture.taken()
        if reader.damage is not None:
            capture.fault(Fault(capture.number + 1, "truncated_packet", reader.damage))
        yield from capture.taken()
