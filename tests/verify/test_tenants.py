from __future__ import annotations

import uuid
from typing import Any

import msgspec
import pytest
from tests.verify.pki import DAY, NOW, issue

from ringfence.errors import ConfigError, UsageError
from ringfence.model.passport import Claims
from ringfence.model.rejected import Rejected
from ringfence.verify.passport import parse_token
from ringfence.verify.rotation import KeyRing
from ringfence.verify.signer import Signer
from ringfence.verify.tenants import (
    ANSWERS,
    Signed,
    SigningRequest,
    SigningService,
    Tenant,
    new_api_key,
    parse_tenants,
    stored_form,
)
from ringfence.verify.tnauthlist import TNAuthList

SEED = uuid.UUID(int=7)
IAT = int(NOW)
HELD, ELSEWHERE, CALLED = "442079460123", "442079460999", "447700900123"
KEY, STORED = new_api_key("acme")
ACME = Tenant("acme", (STORED,), TNAuthList(ranges=(("442079460100", 100),)))
# the certificate covers London's drama range and no mobile
ISSUED = issue("TEST", tn_auth=TNAuthList(ranges=(("442079460000", 1000),)))
SIGNER = Signer(ISSUED.key, [ISSUED.certificate], "https://c.example.org/tn.pem", now=NOW)


def service(*tenants: Tenant) -> SigningService:
    return SigningService(KeyRing([SIGNER]), tenants or (ACME,), SEED)


def request(**values: Any) -> SigningRequest:
    return SigningRequest(**{"orig": HELD, "dest": (CALLED,)} | values)


def sign(tenant: Tenant = ACME, now: float = NOW, **values: Any) -> Signed | Rejected:
    return service(tenant).sign(tenant, request(**values), now)


def claims(signed: Signed | Rejected) -> Claims:
    assert isinstance(signed, Signed), signed
    passport = parse_token(signed.identity.partition(";")[0])
    assert not isinstance(passport, Rejected)
    return passport.claims


def reason(signed: object) -> str:
    assert isinstance(signed, Rejected) and signed.status is None and signed.reason in ANSWERS, signed
    return signed.reason


def changed(**values: Any) -> Tenant:
    return msgspec.structs.replace(ACME, **values)


def test_a_key_opens_its_tenant_alone() -> None:
    bank_key, bank_stored = new_api_key("bank")
    bank = changed(name="bank", keys=(bank_stored,))
    both = service(ACME, bank)
    assert both.authenticate(KEY) == ACME and both.authenticate(bank_key) == bank
    for wrong in (
        "",
        KEY[:-1],
        KEY + "x",
        KEY.replace("acme", "bank"),
        "rfs.nobody.x",
        "é",
        "\udc80",
        "." * 300,
    ):
        assert reason(both.authenticate(wrong)) == "unauthenticated"
    assert KEY.split(".")[2] not in STORED
    both.reload([bank])
    assert reason(both.authenticate(KEY)) == "unauthenticated"


def test_a_tenant_may_have_two_keys_while_they_change() -> None:
    second, stored = new_api_key("acme")
    tenant = changed(keys=(STORED, stored))
    assert service(tenant).authenticate(KEY) == service(tenant).authenticate(second) == tenant


def test_the_same_key_is_stored_differently_each_time() -> None:
    assert stored_form(KEY, b"a" * 16) != stored_form(KEY, b"b" * 16)
    with pytest.raises(UsageError, match="a name has"):
        new_api_key("Acme Ltd")


def test_a_number_of_the_table_is_attested_a() -> None:
    signed = sign()
    assert isinstance(signed, Signed)
    assert (claims(signed).attest, claims(signed).iat) == ("A", IAT)
    assert signed.tenant == "acme" and claims(signed).origid == signed.origid == service().origid(ACME)
    assert claims(sign(attest="B")).attest == "B"
    assert claims(sign(changed(origid=str(SEED)))).origid == str(SEED)


def test_other_numbers_are_refused_or_attested_less() -> None:
    assert reason(sign(orig=ELSEWHERE)) == "not_in_table"
    assert reason(sign(orig="sip:alice@example.org")) == "not_in_table"
    lenient = changed(others="B")
    assert claims(sign(lenient, orig=ELSEWHERE)).attest == "B"
    assert claims(sign(lenient, orig=ELSEWHERE, attest="C")).attest == "C"
    assert reason(sign(lenient, orig=ELSEWHERE, attest="A")) == "not_in_table"
    assert reason(sign(changed(others="C"), orig=ELSEWHERE, attest="B")) == "not_in_table"
    assert reason(sign(attest="Apple")) == "bad_syntax"


def test_the_certificate_bounds_the_table() -> None:
    wide = changed(numbers=TNAuthList(numbers=(CALLED,)))
    assert reason(sign(wide, orig=CALLED)) == "not_authorised"


def test_types_that_a_tenant_may_not_sign() -> None:
    assert reason(sign(ppt="rcd", rich={"rcd": {"nam": "Bank"}})) == "type_not_allowed"
    assert reason(sign(rich={"rcd": {"nam": "Bank"}})) == "type_not_allowed"
    assert reason(sign(ppt="rph", priorities=("ets.0",))) == "type_not_allowed"
    every = changed(types=("", "shaken", "div", "div-o", "rcd", "rph"), others="B")
    assert claims(sign(every, ppt="rcd", rich={"rcd": {"nam": "Acme"}})).rcd == {"nam": "Acme"}
    assert claims(sign(every, rich={"rcd": {"nam": "Acme"}})).rcd == {"nam": "Acme"}
    assert claims(sign(every, ppt="")).attest is None
    assert reason(sign(every, ppt="", orig=ELSEWHERE)) == "not_in_table"
    # by number alone nobody asks for priority
    assert reason(sign(every, ppt="rph", priorities=("ets.0",))) == "not_authorised"


def test_nothing_is_signed_for_another_time() -> None:
    assert claims(sign(iat=IAT - 59)).iat == IAT - 59
    assert reason(sign(iat=IAT - 61)) == "stale"
    assert reason(sign(iat=IAT + 62)) == "future"
    assert reason(sign(now=NOW + 2 * DAY)) == "no_key"


def test_diversions_by_numbers_of_the_table() -> None:
    inbound = Signer(ISSUED.key, [ISSUED.certificate], "https://c.example.org/tn.pem", now=NOW)
    received = inbound.shaken(ELSEWHERE, HELD, IAT - 600, "A", "o")
    assert isinstance(received, str)
    values: dict[str, Any] = {"ppt": "div", "received": received, "orig": ""}
    div = claims(sign(**values))
    assert (div.div and div.div.tn, div.dest.tn, div.iat) == (HELD, (CALLED,), IAT - 600)
    nested = claims(sign(changed(types=("div-o",)), **values | {"ppt": "div-o"}))
    assert nested.opt == received.partition(";")[0]
    assert claims(sign(**values, by="+" + HELD)).div == div.div
    # the caller's number is not the tenant's to divert by
    assert reason(sign(**values, by=ELSEWHERE)) == "not_in_table"
    other = changed(numbers=TNAuthList(numbers=(ELSEWHERE,)))
    assert reason(sign(other, **values)) == "not_in_table"
    assert reason(sign(**values | {"dest": ()})) == "bad_syntax"
    assert reason(sign(**values | {"received": "nothing"})) == "bad_syntax"
    assert reason(sign(**values, now=NOW + 4 * 3600)) == "stale"


def test_the_rate_is_capped_for_each_tenant() -> None:
    slow, other = changed(rate=2.0, burst=3.0), changed(name="other")
    both = service(slow, other)
    signed = [isinstance(both.sign(slow, request(), NOW), Signed) for _ in range(5)]
    assert signed == [True, True, True, False, False]
    assert isinstance(both.sign(other, request(), NOW), Signed)
    refused = both.sign(slow, request(), NOW + 0.4)
    assert reason(refused) == "rate_exceeded"
    assert isinstance(both.sign(slow, request(), NOW + 0.6), Signed)
    assert reason(both.sign(slow, request(), NOW)) == "rate_exceeded"  # a clock that goes back
    both.reload([slow])
    assert reason(both.sign(slow, request(), NOW + 0.6)) == "rate_exceeded"


def test_refusals_cost_as_much_as_signatures() -> None:
    slow = changed(rate=1.0, burst=2.0)
    one = service(slow)
    assert [reason(one.sign(slow, request(orig=ELSEWHERE), NOW)) for _ in range(3)] == [
        *("not_in_table", "not_in_table", "rate_exceeded")
    ]


TABLE = f"""
[[tenants]]
name = "acme"
keys = ["{STORED}"]
numbers = ["+442079460100-+442079460199", "+447700900123"]

[[tenants]]
name = "bank"
keys = ["{STORED}"]
others = "B"
types = ["plain", "rcd"]
rate = 0.5
burst = 1
origid = "7A4CD5D9-0a2f-4b0d-a1d4-6f0e8a0f1c11"
"""


def test_a_table() -> None:
    acme, bank = parse_tenants(TABLE.encode(), "tenants.toml")
    assert acme.numbers.covers(HELD) and acme.numbers.covers(CALLED) and acme.others == ""
    assert (bank.types, bank.rate, bank.burst) == (("", "rcd"), 0.5, 1)
    assert bank.origid == "7a4cd5d9-0a2f-4b0d-a1d4-6f0e8a0f1c11"


@pytest.mark.parametrize(
    ("old", "new", "said"),
    [
        ("[[tenants]]", "[tenants", "not TOML"),
        ("burst", "bursts", "bursts"),
        ('others = "B"', 'others = "A"', "others"),
        ("rate = 0.5", "rate = 0", "rate"),
        pytest.param(f'["{STORED}"]', "[]", "keys", id="no key"),
        pytest.param(STORED, KEY, "'acme': a key is not in its stored form", id="key not hashed"),  # random
        ('"bank"', '"acme"', "'acme': it is there twice"),
        ('"bank"', '"The Bank"', "'The Bank': a name has"),
        ("+447700900123", "07700900123", "'07700900123' is no number"),
        ("7A4CD5D9", "7A4C", "no UUID"),
    ],
)
def test_tables_that_cannot_be_understood(old: str, new: str, said: str) -> None:
    with pytest.raises(ConfigError, match=said) as raised:
        parse_tenants(TABLE.replace(old, new).encode(), "tenants.toml")
    assert str(raised.value).startswith("tenants.toml: ") and "\n" not in str(raised.value)
    assert KEY not in str(raised.value)


def test_a_table_that_is_no_text() -> None:
    with pytest.raises(ConfigError, match="not UTF-8 at byte 0"):
        parse_tenants(b"\xff", "tenants.toml")
