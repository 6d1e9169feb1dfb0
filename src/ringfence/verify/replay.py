"""Tokens seen before. A repeat is a signal, no proof: forks and route advance repeat honestly."""

from __future__ import annotations

import threading
from collections import OrderedDict
from hashlib import blake2b

import msgspec

#: Calls that are remembered of one token, forks and route advance included.
_CALLS = 8


class _Seen(msgspec.Struct, gc=False):  # hundreds of thousands, in no cycle: not for the collector to walk
    source: str
    at: float
    calls: tuple[str, ...]
    answered: bool = False


class ReplayMemory:
    """Which tokens were used within the last `seconds`, at most `most` of them: the oldest are forgotten
    first, so that memory stays bounded whatever comes. For any number of threads.

    seconds: as long as a token is fresh, or a repeat goes unseen: `Policy.lifetime` says how long that is."""

    def __init__(self, seconds: float = 150.0, most: int = 200_000) -> None:
        self.seconds = seconds
        self.most = most
        self._tokens: OrderedDict[bytes, _Seen] = OrderedDict()
        #: by Call-ID, the tokens that came with it
        self._calls: dict[str, tuple[bytes, ...]] = {}
        self._lock = threading.Lock()

    def __len__(self) -> int:
        return len(self._tokens)

    def seen(self, signed: bytes, source: str, call_id: str, now: float) -> str | None:
        """What is to be said of a token (the octets under its signature: signatures can be varied) that
        comes now from `source`: None the first time, `repeated`, or `replayed` where it comes from another
        source after a call with it was answered."""
        key = blake2b(signed, digest_size=16).digest()
        with self._lock:
            self._forget(now)
            before = self._tokens.get(key)
            if before is None:
                self._tokens[key] = before = _Seen(source, now, ())
                note = None
            else:
                note = "replayed" if before.answered and before.source != source else "repeated"
            if 0 < len(call_id) <= 256 and call_id not in before.calls and len(before.calls) < _CALLS:
                before.calls = (*before.calls, call_id)
                self._calls[call_id] = (*self._calls.get(call_id, ()), key)
        return note

    def answered(self, call_id: str) -> None:
        """The call with this Call-ID was answered: its tokens have done their work."""
        with self._lock:
            for key in self._calls.get(call_id, ()):
                self._tokens[key].answered = True

    def _forget(self, now: float) -> None:
        tokens = self._tokens
        while tokens:
            key = next(iter(tokens))
            oldest = tokens[key]
            if len(tokens) < self.most and now - oldest.at <= self.seconds:
                break
            del tokens[key]
            for call_id in oldest.calls:
                if left := tuple(k for k in self._calls[call_id] if k != key):
                    self._calls[call_id] = left
                else:
                    del self._calls[call_id]
