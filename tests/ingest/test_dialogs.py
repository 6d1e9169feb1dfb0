from __future__ import annotations

import pytest
from tests.ingest.wire import SDP, A, request, response, whole_call

from ringfence.ingest import dialogs as module
from ringfence.ingest.dialogs import Call, Calls
from ringfence.sip.glance import glance_of
from ringfence.sip.message import Message, parse

Played = list[tuple[float, bytes]]


def play(messages: Played, calls: Calls | None = None) -> Calls:
    """A playbook of (second, message) into calls; packet numbers count from 1."""
    calls = calls or Calls()
    for number, (after, data) in enumerate(messages, 1):
        message = parse(data)
        assert isinstance(message, Message)
        assert calls.see(glance_of(message), message, number, round(after * 1e6), A) is None
    return calls


def finished(messages: Played) -> list[Call]:
    calls = play(messages)
    calls.close()
    return calls.finished


def times(call: Call) -> tuple[float | None, float | None]:
    return tuple(None if t is None else t / 1e6 for t in (call.answer, call.end))  # type: ignore[return-value]


def test_an_answered_call() -> None:
    (call,) = finished(whole_call())
    assert (call.status, *times(call)) == (200, 2.0, 62.0)
    assert call.described.called == "+442079460123" and call.number == 1


def test_the_callee_may_hang_up() -> None:
    bye = request("BYE", cseq=9, from_tag="callee", to_tag="caller", branch="z9hG4bKx")
    (call,) = finished([*whole_call(end=False), (30.0, bye)])
    assert times(call) == (2.0, 30.0)


def test_without_bye_the_end_is_unknown() -> None:
    (call,) = finished(whole_call(end=False))
    assert (call.status, *times(call)) == (200, 2.0, None)


def test_retransmissions_count_once() -> None:
    (call,) = finished([item for item in whole_call() for _ in range(3)])
    assert times(call) == (2.0, 62.0)


def test_a_refused_call_ends_with_its_refusal() -> None:
    (call,) = finished([(0, request()), (1, response(486)), (1.1, request("ACK", to_tag="callee"))])
    assert (call.status, *times(call)) == (486, None, 1.0)


def test_a_cancelled_call() -> None:
    messages: Played = [(0, request()), (1, response(180)), (5, request("CANCEL"))]
    messages += [(5.1, response(200, method="CANCEL")), (5.2, response(487))]
    (call,) = finished(messages)
    assert (call.status, *times(call)) == (487, None, 5.2)
    (call,) = finished(messages[:3])
    assert (call.status, *times(call)) == (None, None, 5.0)


@pytest.mark.parametrize("code", [401, 407, 302])
@pytest.mark.parametrize("from_tag", ["caller", "other"])
def test_a_retry_continues_the_call(code: int, from_tag: str) -> None:
    again = {"cseq": 2, "branch": "z9hG4bKtwo", "from_tag": from_tag}
    (call,) = finished(
        [
            (0, request()),
            (0.1, response(code)),
            (0.2, request(**again, headers=["P-Asserted-Identity: <tel:+442079460555>"])),  # type: ignore[arg-type]
            (3.0, response(200, **again)),  # type: ignore[arg-type]
            (9.0, request("BYE", cseq=3, from_tag=from_tag, to_tag="callee", branch="z9hG4bKb")),
        ]
    )
    assert (call.status, call.start, *times(call)) == (200, 0, 3.0, 9.0)
    assert call.described.network_number == "+442079460555"


def test_a_re_invite_is_no_new_call() -> None:
    hold = request(cseq=2, to_tag="callee", branch="z9hG4bKre")
    theirs = request(cseq=1, from_tag="callee", to_tag="caller", branch="z9hG4bKre2")
    refused = response(488, cseq=1, from_tag="callee", to_tag="caller", branch="z9hG4bKre2")
    call_, bye = whole_call()[:5], whole_call()[5:]
    (call,) = finished([*call_, (9, hold), (9.1, response(200, cseq=2)), (20, theirs), (20.1, refused), *bye])
    assert (call.status, *times(call)) == (200, 2.0, 62.0)


def hops(reverse: bool = False) -> Played:
    """A call across a proxy that adds its Via: caller to proxy, proxy to called."""
    outer = request(called="+442079460123")
    inner = request(uri="sip:+442079460999;tgrp=EGRESS@192.0.2.3", more_vias=["z9hG4bKproxy"])
    first, second = (inner, outer) if reverse else (outer, inner)
    return [
        (0.0, first),
        (0.01, second),
        (0.02, response(486, more_vias=["z9hG4bKfork"])),  # another leg of the proxy's fork
        (2.00, response(200, more_vias=["z9hG4bKproxy"])),
        (2.01, response(200)),
        (9.0, request("BYE", cseq=2, to_tag="callee", branch="z9hG4bKbye")),
        (9.1, request("BYE", cseq=2, to_tag="callee", branch="z9hG4bKbye", more_vias=["z9hG4bKproxybye"])),
    ]


@pytest.mark.parametrize("reverse", [False, True])
def test_later_hops_fold_into_the_first(reverse: bool) -> None:
    (call,) = finished(hops(reverse))
    assert (call.status, *times(call)) == (200, 2.01, 9.0)
    assert call.described.called == "+442079460123"
    if not reverse:
        assert call.described.egress_trunk == "EGRESS"


def test_answers_of_a_later_hop_stand_in_where_the_first_hop_has_none() -> None:
    messages = [item for item in hops() if item[0] not in (0.02, 2.01)]
    (call,) = finished(messages)
    assert (call.status, *times(call)) == (200, 2.0, 9.0)


def test_a_forked_call_ends_with_its_last_answered_leg() -> None:
    (call,) = finished(
        [
            (0, request()),
            (2, response(200, to_tag="one")),
            (2.5, response(200, to_tag="two")),
            (3, request("BYE", cseq=2, to_tag="two", branch="z9hG4bKb")),
            (40, request("BYE", cseq=3, to_tag="one", branch="z9hG4bKc")),
        ]
    )
    assert times(call) == (2.0, 40.0)


def test_one_call_id_used_again_after_the_end_is_a_new_call() -> None:
    again = [(after + 63, request(cseq=5, branch="z9hG4bKz")) for after in (0,)]
    first, second = finished([*whole_call(), *again])
    assert first.status == 200 and second.status is None and second.start == 63_000_000


def test_two_callers_with_one_call_id_are_two_calls() -> None:
    assert len(finished([(0, request()), (1, request(from_tag="other", branch="z9hG4bKz"))])) == 2


def test_dialogs_that_began_before_the_capture_are_told_once() -> None:
    calls = play([(0, whole_call()[5][1]), (1, whole_call()[5][1]), (2, response(200, call_id="x"))])
    assert calls.orphans == [(1, "call-1@192.0.2.1"), (3, "x")]


def test_other_methods_are_no_calls() -> None:
    calls = play([(0, request("OPTIONS")), (1, request("REGISTER")), (2, request("MESSAGE"))])
    calls.close()
    assert not calls.finished and not calls.orphans


@pytest.mark.parametrize(
    ("messages", "idle"),
    [
        (whole_call(), module.LINGER),
        (whole_call()[:1], module.UNANSWERED_AGE),
        (whole_call(end=False), module.ANSWERED_AGE),
    ],
)
def test_calls_age_by_the_packets_clock(messages: Played, idle: int) -> None:
    calls = play(messages)
    last = messages[-1][0]
    other = request("OPTIONS", call_id="other")
    play([(last + idle / 1e6 - 5, other)], calls)
    assert not calls.finished
    play([(last + idle / 1e6 + 5, other)], calls)
    assert len(calls.finished) == 1


def test_memory_is_bounded() -> None:
    calls = Calls(max_open=50)
    for index in range(500):
        play([(index / 1000, request(call_id=f"c{index}", body=SDP))], calls)
        assert len(calls._open) <= 50
    calls.close()
    assert len(calls.finished) == 500


def test_messages_that_cannot_be_tied_to_a_call() -> None:
    def see(data: bytes) -> str | None:
        message = parse(data)
        assert isinstance(message, Message)
        return Calls().see(glance_of(message), message, 1, 1, A)

    assert see(request().replace(b"CSeq: 1 INVITE", b"CSeq: one")) == "bad_cseq"
    assert see(request().replace(b"Call-ID: call-1@192.0.2.1\r\n", b"")) == "missing_call_id"
