"""An Identity header as far as its claims: compact tokens, dates, tokens inside tokens."""

from __future__ import annotations

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st
from tests.verify.calls import (
    BRITISH,
    FORWARD,
    FURTHER,
    IAT,
    LONDON,
    MOBILE,
    call,
    judge,
    shaken,
    signer,
    verifier,
)
from tests.verify.pki import NOW

from ringfence.model.verification import Step, Verdict
from ringfence.verify.opening import open_header, seconds
from ringfence.verify.policy import SHAKEN

COMPACT = str(signer().plain(LONDON, MOBILE, IAT, compact=True))


def test_a_compact_token_is_completed_from_the_call() -> None:
    assert COMPACT.startswith("..")
    assert judge(COMPACT).verdict is Verdict.VALID
    # each part that was left out is under the signature
    assert judge(COMPACT, caller=f"sip:+{FORWARD}@example.net").reason == "bad_signature"
    assert judge(COMPACT, date="Sun, 01 Mar 2026 12:00:01 GMT").reason == "bad_signature"
    other = {"to": f"sip:+{FORWARD}@example.org", "request_uri": f"sip:+{FORWARD}@example.org"}
    assert judge(COMPACT, **other).reason == "bad_signature"


@pytest.mark.parametrize(
    ("values", "said"),
    [
        ({"date": None}, "Date"),
        ({"date": "noon"}, "Date"),
        ({"caller": ""}, "caller"),
        ({"to": ""}, "To"),
    ],
)
def test_a_compact_token_of_a_call_that_says_too_little(values: dict[str, str | None], said: str) -> None:
    work = open_header(COMPACT, call(**values), BRITISH)
    assert work.fault is not None and (work.fault.reason, work.step) == ("bad_syntax", Step.CLAIMS)
    assert said in work.fault.detail


def test_the_compact_form_is_for_plain_tokens() -> None:
    """RFC 8588 section 5 and RFC 8946 section 3 need claims that no call says."""
    found = open_header(f"{COMPACT};ppt=shaken", call(), BRITISH)
    assert found.fault is not None and found.fault.reason == "bad_syntax"
    assert judge(COMPACT, policy=SHAKEN).verdict is Verdict.UNSIGNED
    short = open_header(COMPACT.replace("..", "..AA"), call(), BRITISH)
    assert short.fault is not None and "64 bytes" in short.fault.detail


def test_types_that_the_policy_does_not_look_at_are_not_opened() -> None:
    shaken_only = msgspec.structs.replace(BRITISH, types=("shaken",))
    header = str(signer().plain(LONDON, MOBILE, IAT))
    work = open_header(header, call(), shaken_only)
    assert work.fault is not None and work.fault.reason == "unsupported"
    strange = open_header(shaken().replace("ppt=shaken", "ppt=msgi"), call(), BRITISH)
    assert strange.fault is not None and (strange.fault.reason, strange.token) == ("unsupported", None)


def test_certificates_of_nested_tokens() -> None:
    token = shaken("mobiles")
    for target in (FORWARD, FURTHER):
        token = str(signer().div_o(token, target))
    there = call(token, request_uri=f"sip:+{FURTHER}@example.org")
    urls = verifier().begin(there, NOW).addresses()
    assert urls == ["https://certs.example.org/provider.pem", "https://certs.example.org/mobiles.pem"]
    assert verifier().begin(call(token), NOW).addresses() == []  # it is for somebody else


@pytest.mark.parametrize(
    ("text", "when"),
    [
        ("Sun, 01 Mar 2026 12:00:00 GMT", NOW),
        ("Sun, 01 Mar 2026 12:00:00 +0000", NOW),
        ("Sun, 01 Mar 2026 12:00:00", None),
        ("Sun, 99 Mar 2026 12:00:00 GMT", None),
        ("", None),
        (None, None),
    ],
)
def test_dates(text: str | None, when: float | None) -> None:
    assert seconds(text) == when


@given(st.text(max_size=60))
def test_any_date(text: str) -> None:
    assert seconds(text) is None or isinstance(seconds(text), float)


@given(st.text(max_size=200), st.sampled_from(["", ";info=<https://a.example/b>;alg=ES256;ppt=shaken"]))
def test_any_header(text: str, parameters: str) -> None:
    work = open_header(text + parameters, call(), BRITISH)
    assert work.fault is not None and work.step is not None
