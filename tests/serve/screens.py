"""A screen of a small world, for tests."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from ringfence.config import ScreenSettings, TrunkSettings
from ringfence.numbers.register import parse_register
from ringfence.screen.policy import read_policy
from ringfence.screen.screen import Knowledge, Screen
from ringfence.serve.edges import Edges
from ringfence.serve.screening import Screening
from ringfence.store.decision_log import DecisionLog

BANK, PERSON, VICTIM = "+442079460001", "+447700900001", "+447700900123"
REGISTER = parse_register(f"number,owner,use\n{BANK},Example Bank,inbound_only\n", "GB")
LIVE = read_policy('base = "gb"\nmode = "live"', "p.toml")
SETTINGS = ScreenSettings(trunks={"ABROAD": TrunkSettings(ingress="international")})


def screening(log: Path | None = None, text: str = "", **options: Any) -> Screening:
    policy = read_policy(text, "p.toml") if text else LIVE
    return Screening(
        Screen(Knowledge(policy, register=REGISTER)),
        Edges(SETTINGS, "GB"),
        log=DecisionLog(log) if log is not None else None,
        **options,
    )


def invite(caller: str = BANK, *lines: str, call_id: str = "1", called: str = VICTIM) -> bytes:
    head = [
        f"INVITE sip:{called}@h SIP/2.0", "Via: SIP/2.0/UDP 127.0.0.1:5099;branch=z9hG4bK1;rport",
        f"From: <sip:{caller}@h>;tag=1", f"To: <sip:{called}@h>", f"Call-ID: {call_id}", "CSeq: 1 INVITE",
        "Max-Forwards: 70", *lines, "Content-Length: 0", "", "",
    ]  # fmt: skip
    return "\r\n".join(head).encode()
