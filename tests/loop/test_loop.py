"""The whole loop: traffic over SIP, hunted from the decision log, the services' next calls stopped.

A simulated week. Five days go through a screen in shadow, INVITE by INVITE over a socket; what its decision
log holds is hunted, and what the hunt finds goes into the indicators of a live screen that sees the rest.
"""

from __future__ import annotations

import asyncio
import datetime as dt
import re
import socket
import subprocess
import sys
from collections.abc import Awaitable
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.parquet as pq
from tests.loop.simulated_invites import invite_of

from ringfence.cli.screen_options import load_knowledge
from ringfence.config import ScreenSettings, TrunkSettings
from ringfence.screen.policy import read_policy
from ringfence.screen.screen import Screen
from ringfence.serve.edges import Edges
from ringfence.serve.screening import Screening
from ringfence.serve.sip_edge import SipEdge, bind
from ringfence.serve.sip_queue import Overload
from ringfence.store.decision_log import DecisionLog, read_segment

SCENARIO = ("--scenario", "small", "--seed", "3")
LIVE = 'base = "gb"\n[modes]\n"known spoofing service" = "live"\n'
SPLIT = dt.timedelta(days=5)
_TIME = re.compile(rb"X-Test-Time: ([0-9.]+)")


def ringfence(*words: object) -> str:
    command = [str(Path(sys.executable).with_name("ringfence")), *map(str, words)]
    return subprocess.run(command, check=True, capture_output=True, text=True, timeout=300).stdout


class Simulated:
    """Hands messages on at the time at which the simulation has them."""

    def __init__(self, screening: Screening) -> None:
        self.screening = screening

    def handle(
        self, data: bytes, source: tuple[str, int], transport: str, now: float
    ) -> bytes | Awaitable[bytes | None] | None:
        found = _TIME.search(data)
        assert found is not None
        return self.screening.handle(data, source, transport, float(found[1]))


def ask(screening: Screening, calls: list[dict[str, Any]]) -> dict[str, int]:
    """Send each call over UDP, some at a time: the status that each got, by the record's call_id."""
    return asyncio.run(_ask(screening, calls))


async def _ask(screening: Screening, calls: list[dict[str, Any]]) -> dict[str, int]:
    listening = bind("127.0.0.1", 0, "udp")
    edge = SipEdge(Simulated(screening), [listening], Overload(late_seconds=60.0, late="pass"))
    place = listening.getsockname()
    await edge.start()
    try:
        return await asyncio.to_thread(_send, place, calls)
    finally:
        await edge.stop()


def _send(place: tuple[str, int], calls: list[dict[str, Any]]) -> dict[str, int]:
    statuses = {}
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as sock:
        sock.settimeout(30)
        sock.connect(place)
        here = "{}:{}".format(*sock.getsockname())
        for first in range(0, len(calls), 32):
            some = calls[first : first + 32]
            waiting = {}
            for row in some:
                message = invite_of(row, here)
                waiting[re.search(rb"branch=(\S+?);", message)[1]] = row["call_id"]  # type: ignore[index]
                sock.send(message)
            while waiting:
                answer = sock.recv(65536)
                branch = re.search(rb"branch=([^;\s]+)", answer)
                assert branch is not None
                statuses[waiting.pop(branch[1])] = int(answer[8:11])
    return statuses


def screen(policy: str, net: Path, log: Path, calls: pa.Table, indicators: Path | None = None) -> Screening:
    trunks = {
        trunk: TrunkSettings(ingress=way, trusted=True)
        for trunk, way in zip(calls["trunk"].to_pylist(), calls["ingress"].to_pylist(), strict=True)
        if trunk and way
    }
    known = load_knowledge(
        read_policy(policy, "loop.toml"),
        numbers=net / "numbers.csv",
        allocation=net / "allocation.csv",
        indicators=indicators,
    )
    return Screening(Screen(known), Edges(ScreenSettings(trunks=trunks), "GB"), log=DecisionLog(log))


def test_loop(tmp_path: Path) -> None:
    net = tmp_path / "net"
    ringfence("simulate", "--out", net, *SCENARIO)
    calls = pq.read_table(net / "calls").sort_by("start_time")
    began = pc.min(calls["start_time"]).as_py().replace(hour=0, minute=0, second=0, microsecond=0)
    earlier = calls.filter(pc.less(calls["start_time"], pa.scalar(began + SPLIT)))
    later = calls.filter(pc.greater_equal(calls["start_time"], pa.scalar(began + SPLIT)))
    truth = {row["call_id"]: row["platform"] for row in pq.read_table(net / "truth.parquet").to_pylist()}

    shadow = screen('base = "gb"\n', net, tmp_path / "log", calls)
    told = ask(shadow, earlier.to_pylist())
    assert shadow.log is not None
    shadow.log.close()
    assert set(told.values()) == {302, 404} and len(told) == earlier.num_rows  # in shadow nothing is stopped

    decided, run, found = tmp_path / "decisions", tmp_path / "run", tmp_path / "found.jsonl"
    blocks, kept = tmp_path / "blocks.parquet", tmp_path / "indicators.jsonl"
    # the answers and ends of the calls come from the switch's own records, by Call-ID
    rows = [row | {"sip_call_id": call_id_of(row)} for row in earlier.to_pylist()]
    records = tmp_path / "cdr.parquet"
    pq.write_table(pa.Table.from_pylist(rows, schema=calls.schema), records)
    ringfence("decisions", "export", tmp_path / "log", "--out", decided, "--outcomes", records)
    assert pq.read_table(decided)["answer_time"].null_count < earlier.num_rows / 2
    ringfence("numbers", "import", net / "allocation.csv", "--out", blocks)
    tables = ("--numbers", net / "numbers.csv", "--allocation", blocks, "--reports", net / "reports.csv")
    ringfence("hunt", decided, "--out", run, *tables, "--indicators", found)
    ringfence("indicators", "add", kept, found)

    live = screen(LIVE, net, tmp_path / "live", calls, kept)
    statuses = ask(live, later.to_pylist())
    assert live.log is not None
    live.log.close()
    stopped = {call_id for call_id, status in statuses.items() if status == 603}
    assert stopped and not stopped - truth.keys()  # calls of the services, and of nobody else
    assert len({truth[call_id] for call_id in stopped}) > 1  # more than one service
    (segment,) = (tmp_path / "live").glob("*.log")
    rules = {row.rule for row in read_segment(segment)[0] if row.action != "allow"}
    assert rules == {"known spoofing service"}


def call_id_of(row: dict[str, Any]) -> str:
    found = re.search(rb"(?i)\r\n(?:Call-ID|i): (\S+)", invite_of(row))
    assert found is not None
    return found[1].decode()
