"""Tokens seen before. A repeat is a signal, no proof: forks and route advance repeat honestly."""

from __future__ import annotations

import threading
from collections import OrderedDict
from hashlib import blake2b

import msgspec


class _Seen(msgspec.Struct, gc=False):  # hundreds of thousands, in no cycle: not for the collector to walk
    source: str
    call_id: str
    at: float
    answered: bool = False


class ReplayMemory:
    """Which tokens were used within the last `seconds`, at most `most` of them: the oldest are forgotten
    first, so that memory stays bounded whatever comes. For any number of threads."""

    def __init__(self, seconds: float = 150.0, most: int = 200_000) -> None:
        self.seconds = seconds
        self.most = most
        self._tokens: OrderedDict[bytes, _Seen] = OrderedDict()
        self._calls: dict[str, bytes] = {}
        self._lock = threading.Lock()

    def __len__(self) -> int:
        return len(self._tokens)

    def seen(self, signed: bytes, source: str, call_id: str, now: float) -> str | None:
        """What is to be said of a token (the octets under its signature: signatures can be varied) that
        comes now from `source`: None the first time, `repeated`, or `replayed` where it comes from another
        source after the first call was answered."""
        key = blake2b(signed, digest_size=16).digest()
        with self._lock:
            self._forget(now)
            before = self._tokens.get(key)
            if before is None:
                self._tokens[key] = _Seen(source, call_id, now)
                if 0 < len(call_id) <= 256:
                    self._calls[call_id] = key
                return None
        return "replayed" if before.answered and before.source != source else "repeated"

    def answered(self, call_id: str) -> None:
        """The call with this Call-ID was answered: its token has done its work."""
        with self._lock:
            if (key := self._calls.get(call_id)) is not None:
                self._tokens[key].answered = True

    def _forget(self, now: float) -> None:
        tokens = self._tokens
        while tokens:
            key = next(iter(tokens))
            oldest = tokens[key]
            if len(tokens) < self.most and now - oldest.at <= self.seconds:
                break
            del tokens[key]
            if self._calls.get(oldest.call_id) == key:
                del self._calls[oldest.call_id]
