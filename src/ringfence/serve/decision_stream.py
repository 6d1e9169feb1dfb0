"""The decision log as a NATS JetStream stream, for whoever watches from elsewhere.

The log comes first: what is sent is read from it, and how far is written down after the server has
acknowledged it. So nothing is left out when NATS is away or this process dies; a row that was sent without
its acknowledgement coming back is sent again under the same Nats-Msg-Id, and the server drops it within its
duplicate window. One process streams a folder.
"""

from __future__ import annotations

import asyncio
import contextlib
import datetime as dt
import logging
import os
from collections.abc import Callable
from pathlib import Path
from typing import Any

import msgspec
import nats
import nats.errors
import nats.js.errors
import pyarrow as pa
from nats.aio.client import Client

from ringfence.errors import ConfigError
from ringfence.store.decision_export import Hide, as_table
from ringfence.store.decision_log import DONE, OPEN, read_lines
from ringfence.store.stream_marks import alone, mark, marks

_log = logging.getLogger(__name__)

STREAM = "RINGFENCE_DECISIONS"
SUBJECT = "ringfence.decisions"
#: Octets of the log in one round: some hundred rows that wait for their acknowledgements together.
_ROUND = 128 * 1024
_ACK_SECONDS = 5.0
_IDLE_SECONDS = 0.25
_FIRST_BACK_OFF, _LONGEST_BACK_OFF = 0.5, 15.0


class DecisionStream:
    """Sends what the log of one folder holds, and goes on sending.

    url: nats://HOST:PORT, tls://…; several with commas. stream: made where the server has none of that name.
    subject: each row goes to SUBJECT.ACTION. hide: puts tokens in place of numbers. Raises ConfigError for an
    address that is none, RingfenceError where another process streams the folder."""

    def __init__(
        self,
        folder: Path,
        url: str,
        *,
        stream: str = STREAM,
        subject: str = SUBJECT,
        hide: Hide | None = None,
        told: Callable[[str], None] = _log.warning,
    ) -> None:
        self._servers = [part.strip() for part in url.split(",") if part.strip()]
        if not self._servers or not all("://" in server for server in self._servers):
            raise ConfigError("address of NATS: write nats://127.0.0.1:4222")
        self._folder, self._stream, self._subject, self._hide = folder, stream, subject, hide
        self._told = told
        self._lock = alone(folder)
        self._sent = marks(folder) or {}
        mark(folder, self._sent)  # from here on no segment goes before it was sent
        #: rows that the server has acknowledged, and rounds that failed, since the start
        self.rows = 0
        self.failures = 0
        #: lines of the log that could not be read
        self.damaged = 0
        self.away = True

    async def run(self, stop: asyncio.Event, *, once: bool = False) -> None:
        """Send until told to stop; once: until the log is sent as it is now."""
        back_off = _FIRST_BACK_OFF
        try:
            while not stop.is_set():
                client = Client()
                try:
                    await self._connect(client)
                    if self.away and self.failures:
                        self._told("NATS is there; decisions are streamed")
                    self.away, back_off = False, _FIRST_BACK_OFF
                    if await self._send_all(client, stop, once):
                        return
                except (OSError, TimeoutError, nats.errors.Error) as error:
                    if not self.away or not self.failures:
                        self._told(f"NATS is away ({_words(error)}); decisions wait on the log")
                    self.away = True
                    self.failures += 1
                finally:
                    with contextlib.suppress(Exception):
                        await asyncio.wait_for(client.close(), 1)
                with contextlib.suppress(TimeoutError):
                    await asyncio.wait_for(stop.wait(), back_off)
                back_off = min(2 * back_off, _LONGEST_BACK_OFF)
        finally:
            os.close(self._lock)

    async def _connect(self, client: Client) -> None:
        async def quiet(_: Exception) -> None:
            pass

        await client.connect(
            servers=self._servers,
            allow_reconnect=False,
            connect_timeout=2,
            max_reconnect_attempts=0,
            error_cb=quiet,
        )
        jetstream = client.jetstream(timeout=_ACK_SECONDS)
        try:
            await jetstream.stream_info(self._stream)
        except nats.js.errors.NotFoundError:
            await jetstream.add_stream(name=self._stream, subjects=[f"{self._subject}.>"])

    async def _send_all(self, client: Client, stop: asyncio.Event, once: bool) -> bool:
        """Whether all is done: told to stop, or nothing more to send and no need to wait."""
        while True:
            sent = False
            for path in self._segments():
                while not stop.is_set() and await self._round(client, path):
                    sent = True
            if stop.is_set() or (once and not sent):
                return True
            if not sent:
                with contextlib.suppress(TimeoutError):
                    await asyncio.wait_for(stop.wait(), _IDLE_SECONDS)
                if not client.is_connected:
                    raise nats.errors.ConnectionClosedError

    def _segments(self) -> list[Path]:
        """In the order in which they began; marks of those that are gone are forgotten."""
        there = sorted(p for p in self._folder.iterdir() if p.suffix in (OPEN, DONE))
        gone = self._sent.keys() - {path.stem for path in there}
        for stem in gone:
            del self._sent[stem]
        return there

    async def _round(self, client: Client, path: Path) -> bool:
        """Send the next whole lines of a segment; False where there are none."""
        start = self._sent.get(path.stem, 0)
        try:
            with path.open("rb") as file:
                file.seek(start)
                data = file.read(_ROUND)
                if b"\n" not in data and len(data) == _ROUND:
                    data += file.readline()
        except FileNotFoundError:
            return False  # finished meanwhile, and so under its other name the next time
        whole = data[: data.rfind(b"\n") + 1]
        if not whole and path.suffix == DONE:
            whole = data  # a line that a death cut off
        if not whole:
            return False
        rows, damaged = read_lines(whole)
        if rows:
            jetstream = client.jetstream(timeout=_ACK_SECONDS)
            await asyncio.gather(
                *(
                    jetstream.publish(
                        f"{self._subject}.{row['action']}",
                        msgspec.json.encode(row),
                        stream=self._stream,
                        headers={"Nats-Msg-Id": row["call_id"]},
                    )
                    for row in self._told_rows(as_table(rows))
                )
            )
        self.rows += len(rows)
        self.damaged += damaged
        self._sent[path.stem] = start + len(whole)
        mark(self._folder, self._sent)
        return True

    def _told_rows(self, table: pa.Table) -> list[dict[str, Any]]:
        """Rows as consumers read them: the columns that have a value, times in ISO 8601."""
        if self._hide is not None:
            table = self._hide(table)
        return [
            {name: _value(value) for name, value in row.items() if value not in (None, [])}
            for row in table.to_pylist()
        ]


def _value(value: Any) -> Any:
    return value.isoformat(timespec="microseconds") if isinstance(value, dt.datetime) else value


def _words(error: BaseException) -> str:
    return str(error) or type(error).__name__
