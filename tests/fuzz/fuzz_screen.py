"""Any bytes as an INVITE to the whole screen. Fuzz: python tests/fuzz/fuzz_screen.py (needs atheris)."""

from __future__ import annotations

import sys

if __name__ == "__main__":  # before the modules under test are loaded, so that their branches are seen
    import atheris

    with atheris.instrument_imports(include=["ringfence.sip", "ringfence.screen"]):
        import ringfence.screen.attempts
        import ringfence.serve.screening  # noqa: F401

from ringfence.config import ScreenSettings
from ringfence.model.rejected import Rejected
from ringfence.numbers.register import parse_register
from ringfence.screen.policy import read_policy
from ringfence.screen.screen import Knowledge, Screen
from ringfence.serve.edges import Edges
from ringfence.serve.screening import Screening
from ringfence.sip.message import parse

BANK, VICTIM = "+442079460001", "+447700900123"
_POLICY = read_policy('base = "gb"\nmode = "live"', "fuzz.toml")
_REGISTER = parse_register(f"number,owner,use\n{BANK},Example Bank,inbound_only\n", "GB")
SCREENING = Screening(Screen(Knowledge(_POLICY, register=_REGISTER)), Edges(ScreenSettings(), "GB"))
_HEAD = (
    f"INVITE sip:{VICTIM}@h SIP/2.0\r\nVia: SIP/2.0/UDP 127.0.0.1:5060;branch=z9hG4bK1\r\n"
    f"To: <sip:{VICTIM}@h>\r\nCall-ID: 1\r\nCSeq: 1 INVITE\r\nMax-Forwards: 70\r\n"
).encode()
_FROM = f"From: <sip:{BANK}@h>;tag=1\r\n".encode()


def one_input(data: bytes) -> None:
    """The bytes as a message, as fields behind the head of one, and beside the bank's number: that one is
    refused, whatever stands beside it, unless the message cannot be read."""
    for message in (data, _HEAD + data, _HEAD + data + b"\r\n\r\n"):
        _answer(message)
    beside = _HEAD + _FROM + data + b"\r\n\r\n"
    status = _answer(beside)
    # fields that end within the bytes may take the message elsewhere: another method, another Via
    assert status not in (b"302", b"404") or b"\n" in data or b"\r" in data, beside


def _answer(message: bytes) -> bytes:
    answer = SCREENING.handle(message, ("127.0.0.1", 5060), "udp", 1_772_366_400.0)
    assert answer is None or isinstance(answer, bytes)
    if not answer:
        return b""
    read = parse(answer)
    assert not isinstance(read, Rejected) and read.status is not None, (message, answer)
    return answer[8:11]


if __name__ == "__main__":
    atheris.Setup(sys.argv, one_input)
    atheris.Fuzz()
