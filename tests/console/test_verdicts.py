from __future__ import annotations

import pytest
from tests.verify.calls import FORWARD, IAT, LONDON, MOBILE, call, judge, shaken, signer

from ringfence.console.verdicts import call_line, header_lines
from ringfence.model.verification import HeaderVerdict, Verdict, Verification
from ringfence.sip.identity import parse_identity
from ringfence.verify.passport import parse_token


def line(*headers: object, **values: str) -> str:
    return call_line(call(*headers, **values), judge(*headers, **values)).plain


def test_a_call_that_is_what_it_says() -> None:
    assert line(shaken()) == f"valid    A  +{LONDON} → +{MOBILE}  signed by TEST  1@example.net"
    assert header_lines(judge(shaken())) == []


def test_why_not() -> None:
    found = judge(shaken("stranger"))
    assert line(shaken("stranger")).startswith(f"invalid  untrusted 437  +{LONDON} → +{MOBILE}")
    (why,) = header_lines(found)
    assert why.plain.startswith("  shaken: untrusted at chain: no way from CN=Stranger")


def test_a_call_without_tokens_shows_what_it_shows() -> None:
    assert line() == f"unsigned no_identity 428  +{LONDON} → +{MOBILE}  1@example.net"
    nobody = {"caller": "", "request_uri": "sip:", "call_id": ""}
    assert line(**nobody).endswith("nobody → nobody")


def test_each_token_has_its_line() -> None:
    token = parse_identity(shaken()).token  # type: ignore[union-attr]
    div = signer().div(parse_token(token), FORWARD)  # type: ignore[arg-type]
    values = {"request_uri": f"sip:+{FORWARD}@example.org"}
    lines = [one.plain for one in header_lines(judge(shaken(), div, **values))]
    assert lines == ["  shaken: valid", f"  div: valid, diverted by +{MOBILE}"]
    plain = signer().plain(LONDON, MOBILE, IAT)
    assert [one.plain for one in header_lines(judge(plain, date="noon"))] == ["  plain: valid (bad_date)"]


def test_a_token_that_was_held_to_no_call_says_so() -> None:
    assert "held to no call" in call_line(call(shaken()), judge(shaken()), bound=False).plain


@pytest.mark.parametrize("text", ["[red]", "\x1b[31m", "[/]"])
def test_what_strangers_write_stays_text(text: str) -> None:
    told = HeaderVerdict(Verdict.INVALID, "bad_syntax", ppt=text, detail=text)
    found = Verification(Verdict.INVALID, "bad_syntax", detail=text, passports=(told,))
    assert "\x1b" not in call_line(call(), found).plain + header_lines(found)[0].plain


def test_a_name_is_there_where_it_was_proved() -> None:
    named = {"rcd": {"nam": "Example Bank"}}
    assert "“Example Bank”  +" in line(signer().rcd(LONDON, MOBILE, IAT, named))
    assert "Bank" not in line(signer("stranger").rcd(LONDON, MOBILE, IAT, named))
