from __future__ import annotations

import msgspec
import pytest

from ringfence.model.passport import Claims, Parties, Party

GOOD = b'{"dest":{"tn":["442079460123"]},"iat":1700000000,"orig":{"tn":"447700900123"}}'


def test_claims_are_read_by_kind() -> None:
    claims = msgspec.json.decode(GOOD, type=Claims)
    assert claims == Claims(Parties(("442079460123",)), 1700000000, Party("447700900123"))
    assert msgspec.json.encode(claims) == GOOD


@pytest.mark.parametrize("bad", [b'"1700000000"', b"null", b"true"])
def test_an_iat_is_a_number(bad: bytes) -> None:
    with pytest.raises(msgspec.ValidationError, match="iat"):
        msgspec.json.decode(GOOD.replace(b"1700000000", bad), type=Claims)
