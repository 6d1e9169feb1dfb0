"""Simulated calls as INVITEs of a proxy that asks the screen: each stack keeps a shape of its own."""

from __future__ import annotations

import hashlib
from collections.abc import Mapping
from email.utils import formatdate
from typing import Any

#: What the proxy and the message itself need, wherever the stack put it.
_ALWAYS = ("Via", "From", "To", "Call-ID", "CSeq", "Max-Forwards", "Contact")
_ABSENT = {"content-length", "content-type", "p-asserted-identity", "diversion", "identity"}


def invite_of(row: Mapping[str, Any], host: str = "127.0.0.1:5099") -> bytes:
    """The INVITE of one row of the call record. Its time stands in X-Test-Time, in seconds since 1970."""
    parts = dict(part.partition(":")[::2] for part in row["fingerprint_parts"] or ())
    order = [name for name in parts.get("headers", "").split(",") if name]
    order += [name for name in _ALWAYS if name.lower() not in {given.lower() for given in order}]
    own = hashlib.sha256(row["call_id"].encode()).hexdigest()
    called = row["called"]
    shown = f"<sip:{row['caller']}@h>" if row["caller"] else '"Anonymous" <sip:anonymous@anonymous.invalid>'
    values = {
        "via": f"SIP/2.0/UDP {host};branch=z9hG4bK{own[:16]};rport",
        "from": f"{shown};tag={own[16:24]}",
        "to": f"<sip:{called}@h>",
        "call-id": own[24:48],
        "cseq": "1 INVITE",
        "max-forwards": parts.get("mf", "70"),
        "contact": "<sip:h>",
        "supported": parts.get("supported", "timer"),
        "date": formatdate(row["start_time"].timestamp(), usegmt=True),
        "user-agent": row["user_agent"],
    }
    lines = [f"INVITE sip:{called}@h SIP/2.0"]
    lines += [f"{name}: {values.get(name.lower()) or 'x'}" for name in order if name.lower() not in _ABSENT]
    for name, value in (
        ("P-Asserted-Identity", _address(row["network_number"])),
        ("Diversion", _address(row["diverted_from"])),
        ("X-Ringfence-Trunk", row["trunk"]),
        ("X-Ringfence-Account", row["account"]),
        ("X-Ringfence-Source", row["source_ip"]),
        ("X-Ringfence-Roaming", {True: "yes", False: "no", None: None}[row["roaming"]]),
        ("X-Test-Time", repr(row["start_time"].timestamp())),
    ):
        if value:
            lines.append(f"{name}: {value}")
    lines += ["Content-Length: 0", "", ""]
    return "\r\n".join(lines).encode()


def _address(number: str | None) -> str | None:
    return f"<sip:{number}@h>" if number else None
