"""The HTTP API of ATIS-1000082 over real HTTP, both ways."""

from __future__ import annotations

import http.client
import json
import time
from collections.abc import Iterator
from typing import Any
from urllib.parse import urlsplit

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from tests.serve.stir_service import FORWARD, LONDON, MOBILE, Service, running

PARTIES = {"dest": {"tn": [MOBILE]}, "orig": {"tn": LONDON}}
ORIGID = "7a4cd5d9-0a2f-4b0d-a1d4-6f0e8a0f1c11"


@pytest.fixture(scope="module")
def service() -> Iterator[Service]:
    with running() as found:
        yield found


def ask(
    service: Service, path: str, body: Any, *, key: str | None = None, **headers: str
) -> tuple[int, Any, dict[str, str]]:
    connection = http.client.HTTPConnection(urlsplit(service.url).netloc, timeout=20)
    sent = {"Content-Type": "application/json"} | {n.replace("_", "-"): v for n, v in headers.items()}
    if key is not None:
        sent["Authorization"] = f"Bearer {key}"
    data = body if isinstance(body, bytes) else json.dumps(body).encode()
    connection.request("POST", path, data, sent)
    answer = connection.getresponse()
    text = answer.read()
    connection.close()
    return answer.status, json.loads(text), {n.lower(): v for n, v in answer.getheaders()}


def sign(service: Service, **changes: Any) -> tuple[int, Any]:
    whole = {
        "attest": "A",
        "dest": {"tn": [MOBILE]},
        "iat": int(time.time()),
        "orig": {"tn": LONDON},
        "origid": ORIGID,
    } | changes
    asked = {"signingRequest": {k: v for k, v in whole.items() if v is not None}}
    status, body, _ = ask(service, "/stir/v1/signing", asked, key=service.key)
    return status, body


def verify(service: Service, identity: str, **changes: Any) -> dict[str, Any]:
    asked = {
        "from": {"tn": LONDON},
        "to": {"tn": [MOBILE]},
        "time": int(time.time()),
        "identity": identity,
    } | changes
    status, body, _ = ask(service, "/stir/v1/verification", {"verificationRequest": asked})
    assert status == 200, body
    return dict(body["verificationResponse"])


def refused(answer: tuple[int, Any]) -> tuple[int, str, str]:
    status, body = answer
    ((kind, fault),) = body["requestError"].items()
    assert kind == ("policyException" if fault["messageId"].startswith("POL") else "serviceException")
    return status, fault["messageId"], " ".join(fault["variables"])


def identity(service: Service, **changes: Any) -> str:
    status, body = sign(service, **changes)
    assert status == 200, body
    return str(body["signingResponse"]["identity"])


def test_what_is_signed_is_verified(service: Service) -> None:
    found = verify(service, identity(service))
    assert (found["verstat"], found["attest"]) == ("TN-Validation-Passed", "A")
    assert "reasoncode" not in found


def test_numbers_may_have_a_plus(service: Service) -> None:
    header = identity(service, orig={"tn": f"+{LONDON}"}, dest={"tn": [f"+{MOBILE}"]})
    found = verify(service, header, **{"from": {"tn": f"+{LONDON}"}, "to": {"tn": [f"+{MOBILE}"]}})
    assert found["verstat"] == "TN-Validation-Passed"


def test_what_fails_says_why(service: Service) -> None:
    other = verify(service, identity(service), **{"from": {"tn": FORWARD}})
    assert (other["verstat"], other["reasoncode"], other["reasontext"], other["reason"]) == (
        "TN-Validation-Failed",
        438,
        "Invalid Identity Header",
        "orig_mismatch",
    )
    none = verify(service, "")
    assert (none["verstat"], none["reasoncode"], none["reasontext"]) == (
        "No-TN-Validation",
        428,
        "Use Identity Header",
    )
    away = identity(service).replace("cert.pem", "gone.pem")
    assert verify(service, away)["reasoncode"] == 436
    late = verify(service, identity(service), time=int(time.time()) - 600)
    assert (late["reasoncode"], late["reason"]) == (403, "date_mismatch")


def test_several_headers(service: Service) -> None:
    good = identity(service)
    found = verify(service, "", identities=["rubbish", good])
    assert found["verstat"] == "TN-Validation-Passed" and len(found["passports"]) == 2
    assert verify(service, f"rubbish, {good}")["verstat"] == "TN-Validation-Passed"


def test_a_forward(service: Service) -> None:
    first = identity(service, dest={"tn": ["442079460500"]})
    div = identity(
        service,
        ppt="div",
        received=first,
        dest={"tn": [MOBILE]},
        orig=None,
        attest=None,
        div={"tn": "442079460500"},
    )
    found = verify(service, "", identities=[first, div])
    assert (found["verstat"], found["attest"]) == ("TN-Validation-Passed", "A")


def test_only_tenants_sign_and_only_for_their_numbers(service: Service) -> None:
    for key in (None, "", "rfs.bank.x", service.key[:-1], service.key.replace("bank", "else")):
        status, body, headers = ask(service, "/stir/v1/signing", {}, key=key)
        assert refused((status, body))[:2] == (401, "POL4010")
        assert headers["www-authenticate"] == "Bearer"
    asked = {"signingRequest": PARTIES}
    assert ask(service, "/stir/v1/signing", asked, X_API_Key=service.key)[0] == 200
    assert refused(sign(service, orig={"tn": MOBILE}))[:2] == (403, "POL4030")
    assert refused(sign(service, iat=int(time.time()) - 600))[:2] == (400, "SVC4005")


@pytest.mark.parametrize(
    ("body", "status", "code", "said"),
    [
        (b"", 400, "SVC4000", ""),
        (b"{", 400, "SVC4006", ""),
        (b"[]", 400, "SVC4005", ""),
        (b"{}", 400, "SVC4001", "signingRequest"),
        ({"signingRequest": {"dest": {"tn": [MOBILE]}}}, 400, "SVC4001", "orig"),
        ({"signingRequest": {"orig": {"tn": LONDON}}}, 400, "SVC4001", "signingRequest.dest"),
        ({"signingRequest": {"dest": {"tn": "x"}, "orig": {}}}, 400, "SVC4005", "signingRequest.dest.tn"),
        ({"signingRequest": {"dest": {"tn": [MOBILE]}, "orig": {}}}, 400, "SVC4005", "either tn or uri"),
        ({"signingRequest": PARTIES | {"attest": "Apple"}}, 400, "SVC4005", "attest"),
        ({"signingRequest": PARTIES | {"ppt": "div"}}, 400, "SVC4001", "received"),
        (b'{"signingRequest": "' + b"x" * 600_000 + b'"}', 413, "SVC4006", ""),
    ],
    ids=str,
)  # fmt: skip
def test_requests_that_cannot_be_served(
    service: Service, body: Any, status: int, code: str, said: str
) -> None:
    answered, found, _ = ask(service, "/stir/v1/signing", body, key=service.key)
    assert refused((answered, found))[:2] == (status, code)
    assert said in refused((answered, found))[2]


def test_what_is_not_there(service: Service) -> None:
    assert refused(ask(service, "/stir/v2/signing", {})[:2])[:2] == (404, "SVC4003")
    status, body, _ = ask(service, "/stir/v1/verification", b"a=b", Content_Type="text/plain")
    assert refused((status, body))[:2] == (415, "SVC4004")


def test_answers_carry_the_name_of_the_request(service: Service) -> None:
    _, _, headers = ask(service, "/stir/v1/verification", {}, X_RequestID="call-7")
    assert headers["x-requestid"] == "call-7" and headers["cache-control"] == "no-store"


def test_it_lives(service: Service) -> None:
    connection = http.client.HTTPConnection(urlsplit(service.url).netloc, timeout=20)
    connection.request("GET", "/healthz")
    assert connection.getresponse().read() == b"ok"
    connection.close()


JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False) | st.text(max_size=20),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=8), inner, max_size=3),
    max_leaves=8,
)
PARTY = st.fixed_dictionaries({}, optional={"tn": JSON, "uri": JSON})


@settings(max_examples=60, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(
    asked=st.fixed_dictionaries(
        {}, optional={"from": PARTY, "to": PARTY, "orig": PARTY, "dest": PARTY, "identity": JSON, "iat": JSON}
    )
)
def test_any_request_is_answered(service: Service, asked: dict[str, Any]) -> None:
    for path, name in (("signing", "signingRequest"), ("verification", "verificationRequest")):
        status, body, _ = ask(service, f"/stir/v1/{path}", {name: asked}, key=service.key)
        assert status < 500, body
