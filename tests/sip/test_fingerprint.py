from __future__ import annotations

import random

import pytest

from ringfence.sip.fingerprint import Fingerprint, digest, fingerprint
from ringfence.sip.message import Message, parse

STACK = """INVITE sip:{called}@{host}:5060;user=phone SIP/2.0
Via: SIP/2.0/UDP {host};branch=z9hG4bK{r1:08x};rport
Max-Forwards: {hops}
From: "{name}" <sip:{caller}@{host}>;tag=as{r2:08x}
To: <sip:{called}@{host}>
Contact: <sip:{caller}@{host}:5060;transport=udp>
Call-ID: {r3:032x}@{host}
CSeq: 102 INVITE
User-Agent: Asterisk PBX 18.{minor}
Date: {date}
Allow: INVITE, ACK, CANCEL, OPTIONS, BYE
Supported: replaces, timer
Content-Type: application/sdp

v=0
o=root {sid} {sid} IN IP4 {host}
s=Asterisk PBX 18.{minor}
c=IN IP4 {host}
t=0 0
m=audio {port} RTP/AVP 8 0 101
a=rtpmap:8 PCMA/8000
a=rtpmap:0 PCMU/8000
a=rtpmap:101 telephone-event/8000
a=fmtp:101 0-16
a=ptime:20
a=sendrecv
"""


def invite(seed: int, **fixed: object) -> str:
    r = random.Random(seed)
    values: dict[str, object] = {
        "called": f"+4420794600{r.randrange(10, 100)}",
        "caller": f"+447700900{r.randrange(100, 1000)}",
        "host": f"192.0.2.{r.randrange(1, 255)}",
        "name": r.choice(["Bank", "Fraud Team", "A, B"]),
        "hops": 70,
        "r1": r.getrandbits(32),
        "r2": r.getrandbits(32),
        "r3": r.getrandbits(128),
        "minor": r.randrange(30),
        "date": "Fri, 01 Jan 2021 16:00:00 GMT",
        "sid": r.randrange(10**9, 2**31),
        "port": r.randrange(10_000, 20_000),
    }
    return STACK.format(**(values | fixed))


def shape(text: str) -> Fingerprint:
    message = parse(text.replace("\n", "\r\n").encode())
    assert isinstance(message, Message)
    found = fingerprint(message)
    assert found is not None
    return found


def test_one_stack_has_one_fingerprint_whoever_calls_whom() -> None:
    assert len({shape(invite(seed)).value for seed in range(300)}) == 1


def test_parts_are_named_once_each_and_make_the_hash() -> None:
    found = shape(invite(1))
    names = [part.partition(":")[0] for part in found.parts]
    assert len(names) == len(set(names))
    assert found.value == digest(found.parts) and len(found.value) == 16
    text = "\n".join(found.parts)
    for secret in ("+4477", "+4420", "192.0.2", "18."):
        assert secret not in text


@pytest.mark.parametrize(
    ("old", "new", "part"),
    [
        ("Max-Forwards: 70", "Max-Forwards: 69", "max-forwards"),
        ("User-Agent", "user-agent", "headers"),
        ("Supported:", "k:", "headers"),
        ("CSeq: 102", "CSeq: 1", "cseq"),
        ("rport\nMax", "alias\nMax", "via"),
        ("Supported: replaces, timer", "Supported: timer, replaces", "supported"),
        ("RTP/AVP 8 0 101", "RTP/AVP 0 8 101", "sdp-codecs"),
        ("a=ptime:20", "a=ptime:30", "sdp-ptime"),
        ("o=root", "o=-", "sdp-user"),
        ("Asterisk PBX", "Other PBX", "user-agent"),
        ("a=ptime:20\na=sendrecv", "a=sendrecv\na=ptime:20", "sdp-lines"),
        ("SIP/2.0/UDP", "SIP/2.0/TCP", "via"),
    ],
)
def test_what_a_stack_does_differently_shows_in_its_part(old: str, new: str, part: str) -> None:
    base, other = shape(invite(1)), shape(invite(2).replace(old, new))
    assert base.value != other.value
    changed = {p.partition(":")[0] for p in set(base.parts) ^ set(other.parts)}
    assert part in changed and len(changed) <= 2


@pytest.mark.parametrize(
    "extra",
    [
        "P-Asserted-Identity: <tel:+442079460999>",
        "Privacy: id",
        "Identity: a.b.c;info=<https://example.com/c.pem>",
        "Diversion: <tel:+442079460999>",
        'Proxy-Authorization: Digest username="x"',
    ],
)
def test_headers_of_the_call_do_not_count(extra: str) -> None:
    plain = invite(1)
    assert shape(plain.replace("CSeq:", f"{extra}\nCSeq:")).value == shape(plain).value


def test_a_proxy_on_the_way_does_not_count() -> None:
    direct = invite(1)
    proxied = direct.replace(
        "Via:", "Record-Route: <sip:192.0.2.9;lr>\nVia: SIP/2.0/TCP 192.0.2.9;branch=z9hG4bKproxy\nVia:"
    ).replace("Max-Forwards: 70", "Max-Forwards: 69")
    proxied = proxied.replace(";rport\nMax", ";rport=5060;received=192.0.2.7\nMax")
    assert shape(proxied).value == shape(direct).value


def test_only_whole_invites_have_one() -> None:
    for text in (
        invite(1).replace("INVITE", "OPTIONS"),
        invite(1).replace("Content-Type", "l: 9999\nContent-Type"),
    ):
        message = parse(text.replace("\n", "\r\n").encode())
        assert isinstance(message, Message) and fingerprint(message) is None


def test_an_invite_without_offer() -> None:
    bare = invite(1).partition("\n\n")[0].replace("Content-Type: application/sdp\n", "") + "\n\n"
    assert "sdp-lines:-" in shape(bare).parts
