from __future__ import annotations

import pytest
from tests.ingest.wire import SDP, request, response

from ringfence.sip.glance import branch_of, glance, glance_of, via_values
from ringfence.sip.message import Message, parse


def parsed(data: bytes) -> Message:
    message = parse(data)
    assert isinstance(message, Message)
    return message


@pytest.mark.parametrize("data", [request(), request("BYE", to_tag="x", cseq=7, body=SDP), response(183)])
def test_a_glance_sees_what_a_parse_sees(data: bytes) -> None:
    seen, whole = glance(data), glance_of(parsed(data))
    assert seen is not None
    for name in whole.__slots__:
        assert getattr(seen, name) == getattr(whole, name), name


@pytest.mark.parametrize(
    "data",
    [
        request().replace(b"Call-ID", b"i"),
        request().replace(b"From:", b"from:"),
        request().replace(b"To: ", b"To:"),
        request().replace(b"Via: ", b"Via:\r\n "),
        request().replace(b"Max", "Mäx".encode()),
        request().replace(b"\r\n", b"\n"),
        request()[:-4],
        b"",
    ],
)
def test_the_unusual_is_left_to_the_parser(data: bytes) -> None:
    assert glance(data) is None


@pytest.mark.parametrize(
    ("via", "branch"),
    [
        ("SIP/2.0/UDP h;branch=z9hG4bKa", "z9hG4bKa"),
        ("SIP/2.0/UDP h;branch=z9hG4bKa;rport=5", "z9hG4bKa"),
        ("SIP/2.0/UDP h; branch = z9hG4bKa , SIP/2.0/UDP g;branch=b", "z9hG4bKa"),
        ("SIP/2.0/UDP h", ""),
    ],
)
def test_branches(via: str, branch: str) -> None:
    assert branch_of(via) == branch


def test_vias_in_lists_and_lines() -> None:
    message = parsed(b"X sip:a SIP/2.0\r\nVia: a, b\r\nv: c\r\n\r\n")
    assert via_values(message) == ["a", "b", "c"]
