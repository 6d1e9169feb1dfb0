"""Any bytes as a request, and its answer. Fuzz it with: python tests/fuzz/fuzz_sip_answers.py (atheris)."""

from __future__ import annotations

import sys

if __name__ == "__main__":  # before the modules under test are loaded, so that their branches are seen
    import atheris

    with atheris.instrument_imports(include=["ringfence.sip"]):
        import ringfence.sip.verdict_answers  # noqa: F401

from ringfence.model.rejected import Rejected
from ringfence.model.verdict import Action, Verdict
from ringfence.sip.answers import Extensions, late, no_opinion, reply_port, unreadable, without_judging
from ringfence.sip.headers import parse_address
from ringfence.sip.message import Message, message_length, parse
from ringfence.sip.validation import check
from ringfence.sip.verdict_answers import Answering, verdict_answer

_SOURCE = ("2001:db8::1", 40_000)
_HOW = Answering(announcement="sip:blocked@media.example", blocked_url="https://tel.example/x")
_DEMANDING = Extensions(demanded=True)


def one_input(data: bytes) -> None:
    """One answer or none to each; of a sound request a sound one, with no line that we did not write."""
    # as it came, and as the inside of a request that is whole
    for request in (data, _around(data)):
        message = parse(request)
        if isinstance(message, Rejected):
            _look(unreadable(request, message, _SOURCE), sound=False)
            continue
        sound = not message.status and check(message) is None
        for extensions in (None, _DEMANDING):
            settled = without_judging(message, _SOURCE, extensions)
            assert settled is not None or sound
            _look(settled or b"", sound=sound)
        for refuse in (False, True):
            _look(late(request, _SOURCE, refuse=refuse), sound=sound)
        if settled is None:
            _look(no_opinion(message, _SOURCE), sound=True)
            text = data.decode("utf-8", "replace")
            for action in Action:
                verdict = Verdict(action=action, sip_reason=text, verstat=text, display=text)
                for number in ("+447700900001", text):
                    _look(verdict_answer(message, verdict, number, _SOURCE, _HOW), sound=True)


def _around(data: bytes) -> bytes:
    return (
        b"INVITE sip:+442079460123@192.0.2.2 SIP/2.0\r\nVia: SIP/2.0/UDP 192.0.2.1;branch=z9hG4bKa"
        b"\r\nFrom: <sip:+447700900001@192.0.2.1>;tag=a\r\nCall-ID: a\r\nCSeq: 1 INVITE\r\n"
        b"To: " + data + b"\r\n\r\n"
    )


def _look(response: bytes, *, sound: bool) -> None:
    if not response:
        return
    found = parse(response)
    assert isinstance(found, Message) and found.status and not found.malformed
    assert message_length(response) == len(response)
    assert 0 < reply_port(response, _SOURCE) < 65_536
    if sound:
        assert check(found) is None, response
    contact = found.get("contact")
    if contact is not None:
        assert len(found.all("contact")) == 1 and parse_address(contact) is not None


if __name__ == "__main__":
    atheris.Setup(sys.argv, one_input)
    atheris.Fuzz()
