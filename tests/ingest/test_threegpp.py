"""Records encoded by pycrate itself, and one written octet by octet from the standard."""

from __future__ import annotations

import datetime as dt
import sys
from pathlib import Path
from typing import Any

import pytest

from ringfence.errors import RingfenceError
from ringfence.ingest import threegpp

CDR = pytest.importorskip("pycrate_asn1dir.CDR", reason="needs the threegpp extra")

# 2024-07-01 10:00:00 +0100, and later
START = bytes.fromhex("240701100000 2b 0100")
ANSWER = bytes.fromhex("240701100005 2b 0100")
END = bytes.fromhex("240701100600 2b 0100")
UTC = dt.UTC


def bcd(number: str, first: str = "91") -> bytes:
    """A BCDDirectoryNumber: type octet(s), then digits with the halves swapped, F to fill."""
    digits = number.lstrip("+")
    digits += "f" * (len(digits) % 2)
    return bytes.fromhex(first + "".join(digits[i + 1] + digits[i] for i in range(0, len(digits), 2)))


def msc(name: str, **fields: Any) -> bytes:
    numbers = [
        "moCallRecord",
        "mtCallRecord",
        "roamingRecord",
        "incGatewayRecord",
        "outGatewayRecord",
        "transitRecord",
    ]
    base: dict[str, Any] = {
        "recordType": numbers.index(name),
        "recordingEntity": bcd("+447700900999"),
        "callDuration": 355,
        "causeForTerm": 0,
        "callReference": b"\x01\x02",
    }
    record = CDR.CSChargingDataTypes.CSRecord
    record.set_val((name, base | {key.replace("_", "-"): value for key, value in fields.items()}))
    return bytes(record.to_ber())


def ims(name: str, kind: int, **fields: Any) -> bytes:
    record = CDR.IMSChargingDataTypes.IMSRecord
    base = {"recordType": kind, "causeForRecordClosing": "serviceDeliveryEndSuccessfully"}
    record.set_val((name, base | {key.replace("_", "-"): value for key, value in fields.items()}))
    return bytes(record.to_ber())


TIMES = {"seizureTime": START, "answerTime": ANSWER, "releaseTime": END}
GATEWAY = {"callingNumber": bcd("+442079460101"), "calledNumber": bcd("+447700900123")}


def ibcf(**more: Any) -> bytes:
    fields: dict[str, Any] = {
        "sIP_Method": "INVITE",
        "role_of_Node": "originating",
        "session_Id": "call-1@192.0.2.7",
        "list_Of_Calling_Party_Address": [
            ("sIP-URI", "sip:+442079460101@example.net;user=phone"),
            ("tEL-URI", "tel:+442079460101"),
        ],
        "called_Party_Address": ("sIP-URI", "sip:+447700900123@example.com;user=phone"),
        "serviceRequestTimeStamp": START,
        "serviceRequestTimeStampFraction": 123,
        "serviceDeliveryStartTimeStamp": ANSWER,
        "serviceDeliveryEndTimeStamp": END,
        "interOperatorIdentifiers": {"originatingIOI": "carrier-a", "terminatingIOI": "home"},
        "nNI_Information": [
            {"neighbourNodeAddress": ("iPTextRepresentedAddress", ("iPTextV4Address", "192.0.2.7"))}
        ],
    }
    return ims("iBCFRecord", 82, **fields | more)


def write(tmp_path: Path, *parts: bytes) -> Path:
    file = tmp_path / "records.ber"
    file.write_bytes(b"".join(parts))
    return file


def test_a_record_written_by_hand(ingested: Any, tmp_path: Path) -> None:
    octets = bytes.fromhex(
        "a3 43"  # incGatewayRecord [3], 67 octets
        "80 01 03"  # recordType: incGatewayRecord
        "81 07 91 440297641010"  # callingNumber: international, ISDN plan; 44 20 79 46 01 01, halves swapped
        "82 07 91 447700091032"  # calledNumber: 44 77 00 90 01 23
        "83 04 91 447700"  # recordingEntity
        "a4 05 81 03 543141"  # mscIncomingTKGP: tkgpName "T1A"
        "86 09 240701100000 2b 0100"  # seizureTime: 2024-07-01 10:00:00 +0100
        "87 09 240701100005 2b 0100"  # answerTime
        "89 02 0163"  # callDuration: 355 s; no releaseTime
        "8b 01 00"  # causeForTerm: normalRelease
        "8d 02 0102"  # callReference
    )
    ((call,), report) = ingested(write(tmp_path, octets))
    assert report.files[0].format == "3gpp"
    assert (call["caller"], call["called"], call["trunk"]) == ("+442079460101", "+447700900123", "T1A")
    assert call["answer_time"] == dt.datetime(2024, 7, 1, 9, 0, 5, tzinfo=UTC)
    assert call["end_time"] == dt.datetime(2024, 7, 1, 9, 6, tzinfo=UTC)


def test_gateway_and_transit_records(ingested: Any, tmp_path: Path) -> None:
    trunks = {"mscIncomingTKGP": ("tkgpName", "carrier-a"), "mscOutgoingTKGP": ("tkgpNumber", 7)}
    stamps = {"seizureTimestamp": START, "answerTimestamp": ANSWER, "releaseTimestamp": END}
    file = write(
        tmp_path,
        msc("incGatewayRecord", **GATEWAY, **TIMES, **trunks),
        msc("transitRecord", **GATEWAY, **stamps, **trunks),
    )
    calls, report = ingested(file)
    assert report.rejected == report.notes == {}
    for call in calls:
        assert (call["caller"], call["called"]) == ("+442079460101", "+447700900123")
        assert (call["trunk"], call["egress_trunk"], call["status"]) == ("carrier-a", "7", 200)
        assert call["start_time"] == dt.datetime(2024, 7, 1, 9, tzinfo=UTC)
        assert call["answer_time"] == dt.datetime(2024, 7, 1, 9, 0, 5, tzinfo=UTC)
        assert call["end_time"] == dt.datetime(2024, 7, 1, 9, 6, tzinfo=UTC)


def test_mobile_originated_and_terminated(ingested: Any, tmp_path: Path) -> None:
    file = write(
        tmp_path,
        msc(
            "moCallRecord",
            servedIMSI=bcd("001010123456789", ""),
            servedIMEI=bcd("3555550012345678", ""),
            servedMSISDN=bcd("+447700900124"),
            calledNumber=bcd("02079460101", "81"),
            location={"locationAreaCode": b"\x12\x34", "cellId": b"\xab\xcd"},
            **TIMES,
        ),
        msc(
            "mtCallRecord",
            servedIMSI=bcd("001010123456789", ""),
            servedMSISDN=bcd("+447700900123"),
            callingNumber=bcd("+442079460101", "11a0"),  # 3a: presentation restricted
            seizureTime=START,
            releaseTime=END,
            diagnostics=("gsm0408Cause", 0x80 | 17),
            causeForTerm=3,
        ),
    )
    (mo, mt), report = ingested(file)
    assert report.rejected == {}
    assert (mo["caller"], mo["network_number"], mo["called"]) == (
        "+447700900124",
        "+447700900124",
        "+442079460101",
    )
    assert (mo["imei_tac"], mo["cell"], mo["ingress"]) == ("35555500", "1234-abcd", "customer")
    assert (mt["caller"], mt["network_number"], mt["called"]) == (None, "+442079460101", "+447700900123")
    assert (mt["status"], mt["answer_time"]) == (486, None)
    assert "imsi_token" not in mo


def test_ims_records(ingested: Any, tmp_path: Path) -> None:
    file = write(
        tmp_path,
        ibcf(),
        ibcf(fromAddress=b'"Bank" <sip:02079460199@example.net>;tag=1'),
        ibcf(sIP_Method="MESSAGE"),
        ims(
            "sCSCFRecord",
            63,
            called_Party_Address=("tEL-URI", "tel:+447700900123"),
            serviceRequestTimeStamp=START,
            serviceDeliveryEndTimeStamp=END,
            serviceReasonReturnCode="SIP;cause=487",
        ),
    )
    calls, report = ingested(file)
    assert report.rejected == {}
    assert report.notes == {"not_a_call": 1}
    first, shown, failed = calls
    assert first["start_time"] == dt.datetime(2024, 7, 1, 9, 0, 0, 123_000, tzinfo=UTC)
    assert (first["caller"], first["network_number"], first["called"]) == (
        "+442079460101",
        None,
        "+447700900123",
    )
    assert (first["carrier"], first["next_carrier"], first["source_ip"]) == ("carrier-a", "home", "192.0.2.7")
    assert (first["sip_call_id"], first["status"]) == ("call-1@192.0.2.7", 200)
    assert (shown["caller"], shown["network_number"]) == ("+442079460199", "+442079460101")
    assert (failed["status"], failed["answer_time"], failed["caller"]) == (487, None, None)


def test_parts_of_a_long_call_are_one_row(ingested: Any, tmp_path: Path) -> None:
    later = bytes.fromhex("240701103000 2b 0100")
    parts = [
        msc("incGatewayRecord", **GATEWAY, **TIMES, causeForTerm=1, sequenceNumber=1),
        msc("incGatewayRecord", **GATEWAY, answerTime=END, releaseTime=later, sequenceNumber=2),
        msc("incGatewayRecord", **GATEWAY, **TIMES, callReference=b"\x09", causeForTerm=1),
    ]
    calls, report = ingested(write(tmp_path, *parts))
    assert [c["answer_time"] for c in calls] == [dt.datetime(2024, 7, 1, 9, 0, 5, tzinfo=UTC)] * 2
    assert calls[0]["end_time"] == dt.datetime(2024, 7, 1, 9, 30, tzinfo=UTC)
    assert report.notes == {"parts_joined": 1, "last_part_missing": 1}


def test_other_records_padding_and_vendor_fields(ingested: Any, tmp_path: Path) -> None:
    sms = bytes.fromhex("a6 03 80 01 06")
    vendor = msc("incGatewayRecord", **GATEWAY, **TIMES)
    vendor = vendor[:1] + bytes([vendor[1] + 4]) + vendor[2:] + bytes.fromhex("9f8348 00")
    calls, report = ingested(write(tmp_path, vendor, b"\0\0\xff\xff", sms, b"\xff" * 7, ibcf()))
    assert len(calls) == 2
    assert (report.notes, report.rejected) == ({"not_a_call": 1}, {})


def test_damage_costs_its_own_stretch(ingested: Any, tmp_path: Path) -> None:
    good = msc("incGatewayRecord", **GATEWAY, **TIMES)
    file = write(tmp_path, good, b"\x17 rubbish \xa3\x84\xff\xff\xff\xff", ibcf(), good[:-5])
    calls, report = ingested(file)
    assert len(calls) == 2
    assert report.rejected == {"bad_ber": 2}


def test_ts_32_297_files(ingested: Any, tmp_path: Path) -> None:
    records = [msc("incGatewayRecord", **GATEWAY, **TIMES), ibcf()]
    # CDR header: length, release 15 and version, BER and TS number
    framed = b"".join(len(r).to_bytes(2) + bytes([0xE5, 0x21, 0x05]) + r for r in records)
    header = bytes(4) + (54).to_bytes(4) + bytes(46)
    whole = (len(header) + len(framed)).to_bytes(4) + header[4:] + framed
    file = write(tmp_path, whole)
    calls, report = ingested(file)
    assert report.files[0].format == "3gpp"
    assert len(calls) == 2
    file.write_bytes(whole[:-3])
    calls, report = ingested(file)
    assert len(calls) == 1
    assert report.rejected == {"bad_ber": 1}


def test_without_the_extra_the_error_says_what_to_install(
    ingested: Any, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    file = write(tmp_path, ibcf())
    monkeypatch.setitem(sys.modules, "pycrate_asn1dir", None)
    threegpp._modules.cache_clear()
    threegpp._decoder.cache_clear()
    try:
        with pytest.raises(RingfenceError, match=r"ringfence\[threegpp\]"):
            ingested(file)
    finally:
        threegpp._modules.cache_clear()
        threegpp._decoder.cache_clear()
