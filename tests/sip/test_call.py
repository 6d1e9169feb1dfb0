from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from ringfence.model.rejected import Rejected
from ringfence.sip.call import call_of
from ringfence.sip.message import parse

INVITE = (
    b"INVITE sip:+447700900123@b.example SIP/2.0\r\n"
    b"Via: SIP/2.0/UDP 192.0.2.1;branch=z9hG4bK1\r\n"
    b'From: "Bank" <sip:+442079460123@a.example>;tag=1\r\n'
    b"To: <sip:+447700900199@b.example>\r\n"
    b"Call-ID: c1\r\nCSeq: 1 INVITE\r\nDate: Tue, 14 Nov 2023 22:13:20 GMT\r\n"
    b"%s"
    b"y: a.b.c;info=<https://c.example/a>\r\nIdentity: d.e.f;info=<https://c.example/b>;ppt=div\r\n"
    b"Resource-Priority: ets.0, wps.1\r\nPriority: psap-callback\r\n\r\n"
)


def test_what_an_invite_says() -> None:
    message = parse(INVITE % b"")
    assert not isinstance(message, Rejected)
    call = call_of(message, "192.0.2.1")
    assert (call.request_uri, call.to) == ("sip:+447700900123@b.example", "sip:+447700900199@b.example")
    assert (call.caller, call.asserted) == ("sip:+442079460123@a.example", ())
    assert call.identity == ("a.b.c;info=<https://c.example/a>", "d.e.f;info=<https://c.example/b>;ppt=div")
    assert (call.date, call.call_id, call.source) == ("Tue, 14 Nov 2023 22:13:20 GMT", "c1", "192.0.2.1")
    assert (call.resource_priority, call.priority) == (("ets.0", "wps.1"), "psap-callback")


def test_asserted_identities_come_first() -> None:
    asserted = b'P-Asserted-Identity: "x" <sip:+442079460150@a.example>, <tel:+442079460150>\r\n'
    message = parse(INVITE % asserted)
    assert not isinstance(message, Rejected)
    call = call_of(message)
    assert call.asserted == ("sip:+442079460150@a.example", "tel:+442079460150")
    assert call.caller == call.asserted[0]


@given(st.binary(max_size=200))
def test_nothing_raises(noise: bytes) -> None:
    message = parse(INVITE % (noise + b"\r\n"))
    if not isinstance(message, Rejected):
        call_of(message)
