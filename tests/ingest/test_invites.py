from __future__ import annotations

from pathlib import Path

import pytest
from tests.ingest.wire import ethernet, ipv4, pcap, request, udp, whole_call, written

from ringfence.errors import InputError
from ringfence.ingest.format import Reject
from ringfence.ingest.invites import Invite, is_capture, read_invites


def over_udp(messages: list[tuple[float, bytes]]) -> bytes:
    return pcap([(after, ethernet(ipv4(udp(data)))) for after, data in messages])


def test_each_call_begins_with_one_invite(tmp_path: Path) -> None:
    messages = whole_call()
    path = written(tmp_path, over_udp([messages[0], *messages]))  # the INVITE was sent twice
    assert is_capture(path)
    (invite,) = read_invites(path)
    assert isinstance(invite, Invite)
    assert invite.message.method == "INVITE"
    assert invite.source == "192.0.2.1"
    assert invite.time > 1_000_000_000


def test_what_is_no_message_is_said(tmp_path: Path) -> None:
    path = written(tmp_path, over_udp([(0, b"INVITE sip:a@b SIP/2.0\r\nno end")]))
    (reject,) = read_invites(path)
    assert isinstance(reject, Reject)
    assert reject.reason == "truncated_head"


def test_a_reinvite_begins_no_call(tmp_path: Path) -> None:
    path = written(tmp_path, over_udp([(0, request(to_tag="callee"))]))
    assert list(read_invites(path)) == []


def test_other_files_are_no_captures(tmp_path: Path) -> None:
    path = written(tmp_path, b"a,b\n1,2\n")
    assert not is_capture(path)
    with pytest.raises(InputError, match="no capture"):
        list(read_invites(path))
    with pytest.raises(InputError):
        is_capture(tmp_path / "absent")
