from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st
from tests.fuzz.fuzz_sip_message import one_input
from tests.ingest.wire import SDP, request, response

from ringfence.model.rejected import Rejected
from ringfence.sip.message import MAX_BODY, MAX_HEAD, Message, looks_like_sip, message_length, parse

FOLDED = (
    b"INVITE sip:a@b SIP/2.0\r\nTO :\r\n sip:a@b ;\r\n\ttag = x\r\nv: SIP/2.0/UDP h;branch=z\r\n"
    b"Via: SIP/2.0/UDP g\r\ns:\r\nl: 3\r\n\r\nabcdef"
)


def parsed(data: bytes) -> Message:
    message = parse(data)
    assert isinstance(message, Message)
    return message


def test_a_request() -> None:
    message = parsed(request(body=SDP))
    assert (message.method, message.status) == ("INVITE", 0)
    assert message.uri == "sip:+442079460123@192.0.2.2;user=phone"
    assert message.get("call-id") == "call-1@192.0.2.1" and message.get("x") is None
    assert message.body == SDP.encode() and message.complete


def test_a_response() -> None:
    message = parsed(response(486))
    assert (message.method, message.status, message.reason) == ("", 486, "Text")


def test_folding_compact_forms_and_names_as_written() -> None:
    message = parsed(FOLDED)
    assert message.get("to") == "sip:a@b ; tag = x"
    assert [name for name, _ in message.headers] == ["TO", "v", "Via", "s", "l"]
    assert message.all("via") == ["SIP/2.0/UDP h;branch=z", "SIP/2.0/UDP g"]
    assert message.get("subject") == "" and message.body == b"abc"


def test_bare_line_feeds_are_read() -> None:
    assert parsed(FOLDED.replace(b"\r\n", b"\n")).headers == parsed(FOLDED).headers


@pytest.mark.parametrize(
    ("data", "reason", "status"),
    [
        (b"", "empty", 400),
        (b"\r\n", "empty", 400),
        (b"INVITE sip:a@b SIP/2.0\r\n", "truncated_head", 400),
        (b"INVITE sip:a@b\r\n\r\n", "bad_start_line", 400),
        (b"INVITE sip:a@b SIP/3.0\r\n\r\n", "unsupported_version", 505),
        (b"SIP/2.0 99 x\r\n\r\n", "bad_status_code", None),
        (b"SIP/2.0 700 x\r\n\r\n", "bad_status_code", None),
        (b"SIP/3.0 200 OK\r\n\r\n", "bad_start_line", None),
        (b"INVITE sip:a@b SIP/2.0\r\n" + b"X: y\r\n" * 20_000 + b"\r\n", "head_too_long", 513),
    ],
)
def test_rejected(data: bytes, reason: str, status: int | None) -> None:
    result = parse(data)
    assert isinstance(result, Rejected)
    assert (result.reason, result.status) == (reason, status)


def test_an_announced_body_that_is_missing() -> None:
    message = parsed(request(body=SDP)[:-4])
    assert not message.complete and message.body == SDP.encode()[:-4]


@pytest.mark.parametrize(
    ("data", "expected"),
    [
        (request(), True),
        (response(200), True),
        (b"!odd~method sip:a@b SIP/7.0\r\n", True),
        (b"\x80\x00" + bytes(20), False),
        (b"GET / HTTP/1.1\r\n", False),
        (b"", False),
        (b"\r\n\r\n", False),
    ],
)
def test_recognised_by_content(data: bytes, expected: bool) -> None:
    assert looks_like_sip(data) is expected


def test_framing_in_a_stream() -> None:
    data = request(body=SDP)
    assert message_length(data + b"INVITE") == len(data)
    assert message_length(data[:-1]) is None and message_length(data[:50]) is None
    assert (
        message_length(b"X sip:a SIP/2.0\r\nl : 2\r\n\r\nabc") == len(b"X sip:a SIP/2.0\r\nl : 2\r\n\r\n") + 2
    )
    assert message_length(b"X sip:a SIP/2.0\r\nl: %d\r\n\r\n" % (MAX_BODY + 1)) == -1
    assert message_length(b"a" * MAX_HEAD) == -1


@given(st.binary(max_size=300))
def test_any_bytes_are_survived(data: bytes) -> None:
    one_input(data)
    one_input(b"INVITE sip:a@b SIP/2.0\r\n" + data + b"\r\n\r\n" + data)


@given(st.data())
def test_damaged_messages_are_survived(data: st.DataObject) -> None:
    raw = data.draw(st.sampled_from([request(body=SDP), response(200), FOLDED]))
    at = data.draw(st.integers(0, len(raw)))
    damage = data.draw(
        st.binary(max_size=5) | st.sampled_from([b"\r\n", b"\r\n ", b"\n", b",", b";", b'"', b"<"])
    )
    one_input(raw[:at] + damage + raw[at + data.draw(st.integers(0, 3)) :])
