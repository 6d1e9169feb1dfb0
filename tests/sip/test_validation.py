from __future__ import annotations

import csv
from pathlib import Path

import pytest
from tests.ingest.wire import SDP, request, response

from ringfence.model.rejected import Rejected
from ringfence.sip.message import Message, parse
from ringfence.sip.validation import check

VECTORS = Path(__file__).parents[1] / "vectors" / "sip" / "rfc4475.csv"


def verdicts() -> list[dict[str, str]]:
    lines = [line for line in VECTORS.read_text().splitlines() if not line.startswith("#")]
    return list(csv.DictReader(lines))


def judged(data: bytes) -> Rejected | None:
    message = parse(data)
    return message if isinstance(message, Rejected) else check(message)


@pytest.mark.corpus
@pytest.mark.parametrize("expected", verdicts(), ids=lambda v: v["file"])
def test_torture_messages_of_rfc_4475(corpus: Path, expected: dict[str, str]) -> None:
    verdict = judged((corpus / "sip" / "rfc4475" / expected["file"]).read_bytes())
    if expected["verdict"] == "valid":
        assert verdict is None
    else:
        assert verdict is not None
        assert (verdict.reason, verdict.status or 0) == (expected["verdict"], int(expected["status"]))


@pytest.mark.corpus
def test_every_torture_message_has_a_verdict(corpus: Path) -> None:
    files = {path.name for path in (corpus / "sip" / "rfc4475").iterdir()}
    assert files == {row["file"] for row in verdicts()}


@pytest.mark.parametrize("data", [request(), request(body=SDP), response(200)])
def test_ordinary_messages_are_allowed(data: bytes) -> None:
    assert judged(data) is None


@pytest.mark.parametrize(
    ("old", "new", "reason"),
    [
        (b"Max-Forwards: 70", b"Max-Forwards: 256", "bad_max_forwards"),
        (b"Max-Forwards: 70", b"no colon here", "bad_header"),
        (b"Max-Forwards: 70", b"Bad Name: x", "bad_header"),
        (b"Call-ID: call-1@192.0.2.1", b"Call-ID:", "bad_call_id"),
        (b"Call-ID: call-1@192.0.2.1\r\n", b"", "missing_header"),
        (b"Content-Length: 0", b"Content-Length: 5", "truncated_body"),
        (b"z9hG4bKone", b"z9hG4bK", "bad_branch"),
        (b"CSeq: 1 INVITE", b"CSeq: 1 BYE", "cseq_mismatch"),
    ],
)
def test_what_is_refused(old: bytes, new: bytes, reason: str) -> None:
    verdict = judged(request().replace(old, new))
    assert verdict is not None and (verdict.reason, verdict.status) == (reason, 400)


def test_a_contact_may_be_a_star() -> None:
    assert judged(request("REGISTER", headers=["Contact: *"])) is None


def test_responses_are_dropped_not_answered() -> None:
    message = parse(response(200).replace(b"CSeq: 1", b"CSeq: x"))
    assert isinstance(message, Message)
    verdict = check(message)
    assert verdict is not None and verdict.status is None
