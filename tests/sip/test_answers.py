from __future__ import annotations

import csv
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st
from tests.ingest.wire import SDP, request, response

from ringfence.model.rejected import Rejected
from ringfence.sip.answers import (
    ALLOW,
    Extensions,
    answer,
    late,
    no_opinion,
    reply_port,
    unavailable,
    unreadable,
    without_judging,
)
from ringfence.sip.headers import tag_of
from ringfence.sip.message import Message, parse
from ringfence.sip.validation import check

HERE = ("192.0.2.1", 5060)
ELSEWHERE = ("198.51.100.7", 40_000)
VECTORS = Path(__file__).parents[1] / "vectors" / "sip" / "rfc4475.csv"


def read(data: bytes) -> Message:
    message = parse(data)
    assert isinstance(message, Message), message
    return message


def settled(data: bytes, extensions: Extensions | None = None) -> Message | None:
    sent = without_judging(read(data), HERE, extensions)
    return read(sent) if sent else None


def test_what_a_request_must_find_again_is_copied_as_received() -> None:
    asked = read(
        request(more_vias=["z9hG4bKproxy, SIP/2.0/TCP [2001:db8::1];branch=z9hG4bKtwo"]).replace(
            b"From: ", b'f: "J\xfcrgen" '
        )
    )
    sent = answer(asked, 486, source=("192.0.2.9", 5060))
    assert b'\r\nFrom: "J\xfcrgen" <sip:+447700900001@192.0.2.1>;tag=caller\r\n' in sent
    found = read(sent)
    assert check(found) is None
    assert found.all("via") == asked.all("via")
    for name in ("call-id", "cseq"):
        assert found.get(name) == asked.get(name)
    assert (found.status, found.start_line) == (486, "SIP/2.0 486 Busy Here")
    assert found.get("to") == f"{asked.get('to')};tag={tag_of(found.get('to') or '')}"


def test_the_tag_is_the_same_for_the_same_request_and_for_its_cancel() -> None:
    def tag(data: bytes) -> str:
        return tag_of(read(answer(read(data), 486)).get("to") or "")

    assert tag(request()) == tag(request()) == tag(request("CANCEL"))
    others = [
        request(branch="z9hG4bKtwo"),
        request(call_id="2"),
        request(cseq=2),
        request(from_tag="2"),
    ]
    assert len({tag(other) for other in others} | {tag(request())}) == 5
    assert tag(request(to_tag="theirs")) == "theirs"


@pytest.mark.parametrize(
    ("via", "source", "filled", "port"),
    [
        ("192.0.2.1:5070", HERE, "192.0.2.1:5070", 5070),
        ("192.0.2.1", ("192.0.2.1", 9), "192.0.2.1", 5060),
        ("192.0.2.1:5070", ELSEWHERE, "192.0.2.1:5070;received=198.51.100.7", 5070),
        ("edge.example.org", HERE, "edge.example.org;received=192.0.2.1", 5060),
        ("192.0.2.1;rport;x", ELSEWHERE, "192.0.2.1;rport=40000;x;received=198.51.100.7", 40_000),
        ("192.0.2.1; RPORT ", ELSEWHERE, "192.0.2.1;rport=40000;received=198.51.100.7", 40_000),
        # what a sender says of itself is not believed
        ("192.0.2.1:7;rport=53", ELSEWHERE, "192.0.2.1:7;rport=53;received=198.51.100.7", 7),
        ("192.0.2.1;received=203.0.113.1", HERE, "192.0.2.1", 5060),
        ("192.0.2.1;maddr=203.0.113.1", HERE, "192.0.2.1;maddr=203.0.113.1", 5060),
        ("192.0.2.1:0", HERE, "192.0.2.1:0", 5060),
        ("[2001:DB8:0::1]:5066", ("2001:db8::1", 9), "[2001:DB8:0::1]:5066", 5066),
        ("[2001:db8::2];rport", ("2001:db8::1", 9), "[2001:db8::2];rport=9;received=2001:db8::1", 9),
        ("[::x]", ("fe80::1%eth0", 9), "[::x];received=fe80::1", 5060),
    ],
)
def test_where_answers_go(via: str, source: tuple[str, int], filled: str, port: int) -> None:
    asked = request().replace(b"192.0.2.1:5060;branch=z9hG4bKone", via.encode())
    sent = answer(read(asked), 486, source=source)
    assert read(sent).get("via") == f"SIP/2.0/UDP {filled}"
    assert reply_port(sent, source) == port


def test_only_the_top_via_of_a_list_is_marked() -> None:
    asked = request().replace(b"z9hG4bKone", b"z9hG4bKone;rport , SIP/2.0/UDP 192.0.2.8;rport")
    via = read(answer(read(asked), 486, source=ELSEWHERE)).get("via")
    assert via == (
        "SIP/2.0/UDP 192.0.2.1:5060;branch=z9hG4bKone;rport=40000;received=198.51.100.7"
        " , SIP/2.0/UDP 192.0.2.8;rport"
    )


def test_without_a_via_the_answer_goes_back_to_the_port_it_came_from() -> None:
    assert reply_port(b"SIP/2.0 200 OK\r\n\r\n", HERE) == 5060


@pytest.mark.parametrize(
    "data", [response(200), request("ACK"), request().replace(b"Via:", b"X:"), response(180)]
)
def test_what_is_never_answered(data: bytes) -> None:
    assert answer(read(data), 400) == b""


@pytest.mark.parametrize(
    ("data", "line"),
    [
        (request("OPTIONS"), "200 OK"),
        (request("OPTIONS", to_tag="x"), "200 OK"),
        (request("CANCEL"), "200 OK"),
        (request("CANCEL", to_tag="x"), "481 Call/Transaction Does Not Exist"),
        (request("INVITE", to_tag="x"), "481 Call/Transaction Does Not Exist"),
        (request("BYE"), "481 Call/Transaction Does Not Exist"),
        (request("REGISTER"), "405 Method Not Allowed"),
        (request(uri="http://192.0.2.1"), "416 Unsupported URI Scheme"),
        (request(cseq_method="BYE"), "400 Bad Request: cseq mismatch"),
        (request().replace(b"Max-Forwards", b"CSeq"), "400 Bad Request: duplicate header"),
    ],
)
def test_what_needs_no_judging(data: bytes, line: str) -> None:
    found = settled(data)
    assert found is not None and found.start_line == "SIP/2.0 " + line


@pytest.mark.parametrize("data", [request("ACK"), request("ACK", to_tag="x"), response(200), response(603)])
def test_what_is_absorbed(data: bytes) -> None:
    assert without_judging(read(data), HERE) == b""


def test_an_invite_is_left_to_be_judged() -> None:
    assert without_judging(read(request(body=SDP)), HERE) is None
    assert without_judging(read(request(uri="tel:+442079460123")), HERE) is None


def test_options_lists_what_we_can_and_copies_the_route() -> None:
    route = "Record-Route: <sip:192.0.2.9;lr>"
    found = settled(request("OPTIONS", headers=[route]), Extensions(("histinfo", "100rel")))
    assert found is not None and check(found) is None
    assert found.get("allow") == ALLOW
    assert found.get("supported") == "histinfo, 100rel"
    assert found.get("record-route") == "<sip:192.0.2.9;lr>"
    assert found.get("accept") == "application/sdp"
    # no other answer makes a dialog
    assert b"Record-Route" not in answer(read(request(headers=[route])), 302)


def test_extensions_are_ignored_unless_told_otherwise() -> None:
    data = request(headers=["Require: 100rel, precondition", "Require: precondition,,x"])
    assert settled(data) is None
    found = settled(data, Extensions(("100REL",), demanded=True))
    assert found is not None and found.status == 420
    assert found.get("unsupported") == "precondition, x"
    assert settled(request(), Extensions(demanded=True)) is None


def test_method_not_allowed_says_what_is() -> None:
    found = settled(request("SUBSCRIBE"))
    assert found is not None and found.get("allow") == ALLOW


def test_routing_on_and_being_away() -> None:
    found = read(no_opinion(read(request()), HERE))
    assert found.start_line == "SIP/2.0 404 No Opinion"
    assert found.get("reason") == 'SIP;cause=404;text="no opinion"'
    found = read(unavailable(read(request()), HERE, 7))
    assert (found.status, found.get("retry-after")) == (503, "7")


def test_another_version_gets_505() -> None:
    data = request().replace(b" SIP/2.0\r", b" SIP/7.0\r", 1)
    fault = parse(data)
    assert isinstance(fault, Rejected)
    found = read(unreadable(data, fault, ELSEWHERE))
    assert found.start_line == "SIP/2.0 505 Version Not Supported" and check(found) is None
    assert "received=198.51.100.7" in (found.get("via") or "")
    assert unreadable(b"\0", Rejected("empty", 400, ""), HERE) == b""


@pytest.mark.parametrize(
    ("data", "refuse", "status"),
    [
        (request(body=SDP), False, 404),
        (request(body=SDP), True, 503),
        (request("OPTIONS"), True, 200),
        (request("ACK"), True, 0),
        (response(200), False, 0),
        (b"\0\r\n\r\n", True, 0),
    ],
)
def test_what_waited_too_long(data: bytes, refuse: bool, status: int) -> None:
    sent = late(data, HERE, refuse=refuse)
    assert (read(sent).status if sent else 0) == status


def test_nothing_adds_a_line_to_an_answer() -> None:
    evil = "x\r\nX-Evil: 1\r\n\r\n\x00\u2028\ud800"
    sent = answer(read(request()), 486, evil, HERE, (("X", evil),))
    assert sent.count(b"\r\n\r\n") == 1 and b"\nX-Evil" not in sent
    # the parser keeps a carriage return that stands alone where the lines end as they should
    asked = read(request().replace(b"Call-ID: call", b"Call-ID: call\rX-Evil: 1"))
    sent = answer(asked, 486, "", HERE)
    assert b"Call-ID: call X-Evil: 1-1@" in sent and sent.count(b"\r") == sent.count(b"\r\n")


@pytest.mark.corpus
def test_torture_messages_are_answered_as_rfc_4475_wants(corpus: Path) -> None:
    rows = csv.DictReader(line for line in VECTORS.read_text().splitlines() if not line.startswith("#"))
    expected = {"badvers.dat": 505, "unkscm.dat": 416, "novelsc.dat": 416, "bext01.dat": 420}
    options = Extensions(demanded=True)
    for row in rows:
        data = (corpus / "sip" / "rfc4475" / row["file"]).read_bytes()
        message = parse(data)
        if isinstance(message, Rejected):
            sent = unreadable(data, message, ELSEWHERE)
            assert (read(sent).status if sent else 0) == expected.get(row["file"], 0), row["file"]
            continue
        whole = without_judging(message, ELSEWHERE, options)
        if whole is None:
            assert row["verdict"] == "valid" and message.method == "INVITE"
            whole = no_opinion(message, ELSEWHERE)
        if message.status or message.method == "ACK":
            assert whole == b""
            continue
        found = read(whole)
        assert found.get("call-id") == message.get("call-id")
        if row["verdict"] == "valid":
            assert check(found) is None, row["file"]
            assert found.status == expected.get(row["file"], found.status), row["file"]
        else:
            assert found.status == 400


@given(
    st.lists(st.tuples(st.integers(0, 500), st.integers(0, 3), st.binary(max_size=8)), max_size=6),
    st.sampled_from(
        [request(body=SDP), request("OPTIONS"), request("CANCEL"), request("INVITE", to_tag="x")]
    ),
)
def test_mutations_get_one_message_back_or_none(edits: list[tuple[int, int, bytes]], data: bytes) -> None:
    for place, cut, put in edits:
        data = data[:place] + put + data[place + cut :]
    message = parse(data)
    sound = isinstance(message, Message) and check(message) is None
    if isinstance(message, Rejected):
        sent: bytes | None = unreadable(data, message, ELSEWHERE)
    else:
        sent = without_judging(message, ELSEWHERE)
        if sent is None:
            sent = no_opinion(message, ELSEWHERE)
    for whole in (sent, late(data, ELSEWHERE), late(data, ELSEWHERE, refuse=True)):
        if whole:
            found = read(whole)
            assert whole.endswith(b"\r\n\r\n") and whole.count(b"\r\n\r\n") == 1
            assert 0 < reply_port(whole, ELSEWHERE) < 65536
            if sound:
                assert check(found) is None
