from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st
from tests.ingest.wire import SDP, request

from ringfence.sip.message import Message, parse
from ringfence.sip.sdp import offer_parts, session_description

OFFER = (
    "v=0\r\no=root {id} {id} IN IP4 192.0.2.{host}\r\ns=Asterisk PBX {version}\r\nc=IN IP4 192.0.2.{host}\r\n"
    "t=0 0\r\nm=audio {port} RTP/AVP 8 0 101\r\na=rtpmap:8 PCMA/8000\r\na=rtpmap:0 PCMU/8000\r\n"
    "a=rtpmap:101 telephone-event/8000\r\na=fmtp:101 0-16\r\na=ptime:20\r\na=sendrecv\r\n"
)


def test_the_parts_of_an_offer() -> None:
    parts = offer_parts(OFFER.format(id=1234567890, host=1, version="18.2", port=4000), "")
    assert parts == [
        "sdp-lines:v o s c t m rtpmap fmtp ptime sendrecv",
        "sdp-media:audio RTP/AVP",
        "sdp-codecs:8 PCMA/8000,0 PCMU/8000,101 telephone-event/8000",
        "sdp-formats:101 0-16",
        "sdp-ptime:20",
        "sdp-user:root",
        "sdp-id:d8..11 same",
        "sdp-session:Asterisk PBX",
    ]


def test_calls_hosts_ports_and_versions_do_not_show() -> None:
    one = offer_parts(OFFER.format(id=1234567890, host=1, version="18.2", port=4000), "")
    assert offer_parts(OFFER.format(id=1934567891, host=77, version="20.0.1", port=19998), "") == one
    assert (
        offer_parts(OFFER.format(id=1, host=1, version="18.2", port=4000).replace("8 0 101", "0 8 101"), "")
        != one
    )


def test_the_caller_as_origin_user_does_not_show() -> None:
    def parts(user: str) -> list[str]:
        return offer_parts(SDP.replace("o=-", f"o={user}"), user)

    assert parts("+447700900001") == parts("+447700900002")
    assert "sdp-user:=caller" in parts("+447700900001")
    assert "sdp-user:user#" in offer_parts(SDP.replace("o=-", "o=user1"), "+447700900001")


def test_line_ends_do_not_matter() -> None:
    assert offer_parts(SDP.replace("\r\n", "\n"), "") == offer_parts(SDP, "")


def test_an_offer_inside_a_multipart_body() -> None:
    body = f"--b1\r\nContent-Type: application/sdp\r\n\r\n{SDP}\r\n"
    body += "--b1\r\nContent-Type: application/isup\r\n\r\nx\r\n--b1--"
    raw = request(body=body).replace(
        b"application/sdp\r\nContent-Length", b"multipart/mixed;boundary=b1\r\nContent-Length"
    )
    message = parse(raw)
    assert isinstance(message, Message)
    found = session_description(message)
    assert found is not None and offer_parts(found, "") == offer_parts(SDP, "")


def test_no_offer() -> None:
    message = parse(request())
    assert isinstance(message, Message) and session_description(message) is None


@given(st.text(alphabet="vosctma=: 0123/\r\nrtpfx", max_size=200))
def test_any_text_is_survived(text: str) -> None:
    offer_parts(text, "x")
