"""Decoded 3GPP charging records as rows of the call record: MSC records and SIP/IMS records.

Field names are those of TS 32.298 §5.1.2 and §5.1.3 as pycrate gives them: a record is a dict, a CHOICE a
pair of name and value, an octet string bytes.
"""

from __future__ import annotations

import datetime as dt
import ipaddress
import re
from typing import Any

from ringfence.ingest.causes import BY_CAUSE

#: What is decoded of MSC records; the rest is skipped unread.
MSC_FIELDS = frozenset(
    [
        "recordType",
        "servedIMEI",
        "servedMSISDN",
        "callingNumber",
        "calledNumber",
        "recordingEntity",
        "mscIncomingTKGP",
        "mscOutgoingTKGP",
        "location",
        "seizureTime",
        "seizureTimestamp",
        "answerTime",
        "answerTimestamp",
        "releaseTime",
        "releaseTimestamp",
        "callDuration",
        "causeForTerm",
        "diagnostics",
        "callReference",
        "sequenceNumber",
        "servedIMSI",
    ]
)
#: What is decoded of SIP and IMS records.
IMS_FIELDS = frozenset(
    [
        "recordType",
        "sIP-Method",
        "role-of-Node",
        "session-Id",
        "list-Of-Calling-Party-Address",
        "called-Party-Address",
        "requested-Party-Address",
        "list-of-Requested-Party-Address",
        "serviceRequestTimeStamp",
        "serviceDeliveryStartTimeStamp",
        "serviceDeliveryEndTimeStamp",
        "recordClosureTime",
        "interOperatorIdentifiers",
        "causeForRecordClosing",
        "serviceReasonReturnCode",
        "serviceRequestTimeStampFraction",
        "serviceDeliveryStartTimeStampFraction",
        "serviceDeliveryEndTimeStampFraction",
        "nNI-Information",
        "fromAddress",
        "trunkGroupID",
        "accessNetworkInformation",
    ]
)

_MO, _MT, _ROAMING = 0, 1, 2
_DIGITS = "0123456789*#abc"
_INTERNATIONAL = 1
_PARTIAL = 1
_CELL = re.compile(r"(?:utran-cell-id-3gpp|cgi-3gpp|utran-sai-3gpp)=\"?([0-9a-fA-F]+)")


def is_call(record: dict[str, Any]) -> bool:
    """Whether an IMS record is about a session: messages, registrations and subscriptions have them too."""
    return str(record.get("sIP-Method") or "INVITE").upper() == "INVITE"


def part_of(kind: int, record: dict[str, Any]) -> tuple[object, ...] | None:
    """What the parts of one call have in common: long calls are recorded in several (TS 32.250 §5.3.1.1).
    None for an IMS record."""
    reference = record.get("callReference")
    return (kind, record.get("recordingEntity"), reference) if reference else None


def is_partial(record: dict[str, Any]) -> bool:
    """Whether further records of the same call follow."""
    return bool(record.get("causeForTerm") == _PARTIAL)


def joined(first: dict[str, Any], later: dict[str, Any]) -> dict[str, Any]:
    """Two parts of one call as one row: it begins with the first and ends with the later one."""
    row = {name: value if later.get(name) is None else later[name] for name, value in first.items()}
    row |= {name: first[name] for name in ("start_time", "answer_time") if first[name] is not None}
    return row


# --- values ---


def directory_number(octets: bytes) -> tuple[str | None, bool]:
    """A BCDDirectoryNumber (TS 24.008 §10.5.4.7): its number, + for international, and whether its
    presentation is restricted."""
    if not octets:
        return None, False
    kind = octets[0] >> 4 & 0x07
    start, restricted = 1, False
    if not octets[0] & 0x80 and len(octets) > 1:
        start, restricted = 2, octets[1] >> 5 & 0x03 in (1, 2)
    digits = tbcd(octets[start:])
    if not digits:
        return None, restricted
    return ("+" if kind == _INTERNATIONAL else "") + digits, restricted


def tbcd(octets: bytes) -> str:
    """Telephony BCD: two digits an octet, the low half first, 0xF fills (TS 29.002, TBCD-STRING)."""
    halves = (half for octet in octets for half in (octet & 0x0F, octet >> 4))
    return "".join(_DIGITS[half] for half in halves if half != 0x0F)


def moment(octets: bytes | None, milliseconds: int | None = None) -> dt.datetime | None:
    """A TimeStamp: YYMMDDhhmmss, + or -, hhmm, in BCD but for the sign (TS 32.298 §5.1.1)."""
    if octets is None or len(octets) != 9:
        return None
    text = octets[:6].hex() + octets[7:].hex()
    try:
        year, month, day, hour, minute, second, off_hours, off_minutes = (
            int(text[at : at + 2]) for at in range(0, 16, 2)
        )
        ahead = dt.timedelta(hours=off_hours, minutes=off_minutes)
        zone = dt.timezone(-ahead if octets[6:7] == b"-" else ahead)
        local = dt.datetime(2000 + year, month, day, hour, minute, second, tzinfo=zone)
    except ValueError:
        return None
    return local.astimezone(dt.UTC) + dt.timedelta(milliseconds=min(milliseconds or 0, 999))


def _name(choice: Any) -> str | None:
    """A trunk group: TrunkGroup holds a name or a number, TrunkGroupID a name."""
    return str(choice[1]) if isinstance(choice, tuple) and choice[1] not in (None, "") else None


def _party(choice: Any) -> str | None:
    return str(choice[1]).strip() or None if isinstance(choice, tuple) else None


def _cause(record: dict[str, Any]) -> int | None:
    diagnostics = record.get("diagnostics")
    if not isinstance(diagnostics, tuple) or diagnostics[0] not in ("gsm0408Cause", "itu-tQ767Cause"):
        return None
    status = BY_CAUSE.get(str(int(diagnostics[1]) & 0x7F))
    return status if isinstance(status, int) and status else None


# --- records ---


def msc_call(kind: int, record: dict[str, Any]) -> dict[str, Any]:
    """An MO, MT, roaming, gateway or transit record (TS 32.298 §5.1.2.2) as a row."""
    served, _ = directory_number(record.get("servedMSISDN") or b"")
    caller, restricted = directory_number(record.get("callingNumber") or b"")
    called, _ = directory_number(record.get("calledNumber") or b"")
    network = None
    if kind == _MO:
        network = served
        caller = caller or served
    elif kind in (_MT, _ROAMING):
        called = served
    if restricted:
        network, caller = network or caller, None
    answer = moment(record.get("answerTime") or record.get("answerTimestamp"))
    start = moment(record.get("seizureTime") or record.get("seizureTimestamp")) or answer
    end = moment(record.get("releaseTime") or record.get("releaseTimestamp"))
    length = record.get("callDuration")
    if end is None and (answer or start) and isinstance(length, int) and 0 <= length < 2_678_400:
        end = (answer or start or dt.datetime.min) + dt.timedelta(seconds=length)
    row = {
        "start_time": start,
        "answer_time": answer,
        "end_time": end,
        "caller": caller,
        "network_number": network,
        "called": called,
        "trunk": _name(record.get("mscIncomingTKGP")),
        "egress_trunk": _name(record.get("mscOutgoingTKGP")),
        "status": 200 if answer else _cause(record),
    }
    if kind == _MO:  # device and cell are the caller's only in the caller's own record
        row["ingress"] = "customer"
        row["imei_tac"] = tbcd(record.get("servedIMEI") or b"")[:8] or None
        location = record.get("location")
        if isinstance(location, dict):
            parts = (location.get("locationAreaCode"), location.get("cellId"))
            row["cell"] = "-".join(part.hex() for part in parts if isinstance(part, bytes)) or None
    return row


def ims_call(record: dict[str, Any]) -> dict[str, Any]:
    """A record of a call session control function or border (TS 32.298 §5.1.3) as a row.

    The From header, where recorded, is what the called person saw; the calling party address is what the
    network asserted.
    """
    asserted = [party for party in map(_party, record.get("list-Of-Calling-Party-Address") or ()) if party]
    asserted.sort(key=lambda party: not party.lower().startswith("tel:"))
    network = asserted[0] if asserted else None
    shown = (record.get("fromAddress") or b"").decode("utf-8", "replace").strip() or None
    requested = record.get("requested-Party-Address") or next(
        iter(record.get("list-of-Requested-Party-Address") or ()), None
    )
    answer = _ims_moment(record, "serviceDeliveryStartTimeStamp")
    closed = _ims_moment(record, "serviceDeliveryEndTimeStamp") or moment(record.get("recordClosureTime"))
    incoming, outgoing = _trunk_groups(record.get("trunkGroupID"))
    operators = record.get("interOperatorIdentifiers") or {}
    operators = operators[0] if isinstance(operators, list) else operators
    return {
        "sip_call_id": record.get("session-Id"),
        "start_time": _ims_moment(record, "serviceRequestTimeStamp") or answer,
        "answer_time": answer,
        "end_time": closed,
        "caller": shown or network,
        "network_number": network if shown else None,
        "called": _party(record.get("called-Party-Address")) or _party(requested),
        "trunk": incoming,
        "egress_trunk": outgoing,
        "carrier": operators.get("originatingIOI"),
        "next_carrier": operators.get("terminatingIOI"),
        "status": 200 if answer else _sip_status(record.get("serviceReasonReturnCode")),
        "source_ip": _neighbour(record.get("nNI-Information")),
        "cell": _cell(record),
    }


def _ims_moment(record: dict[str, Any], field: str) -> dt.datetime | None:
    return moment(record.get(field), record.get(f"{field}Fraction"))


def _trunk_groups(choice: Any) -> tuple[str | None, str | None]:
    name = _name(choice)
    return (name, None) if name and choice[0] == "incoming" else (None, name)


def _sip_status(text: Any) -> int | None:
    found = re.search(r"(?<!\d)([1-6]\d\d)(?!\d)", str(text or ""))
    return int(found[1]) if found else None


def _neighbour(information: Any) -> str | None:
    """The address of the other network's border, where it is recorded."""
    first = information[0] if isinstance(information, list) and information else information
    value: Any = first.get("neighbourNodeAddress") if isinstance(first, dict) else None
    while isinstance(value, tuple):
        value = value[1]
    try:
        return str(ipaddress.ip_address(value)) if value else None
    except ValueError:
        return None


def _cell(record: dict[str, Any]) -> str | None:
    """The caller's cell, from P-Access-Network-Info (RFC 7315 §5.4)."""
    if record.get("role-of-Node") == "terminating":
        return None
    found = _CELL.search((record.get("accessNetworkInformation") or b"").decode("latin-1"))
    return found[1].lower() if found else None
