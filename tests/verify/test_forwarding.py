from __future__ import annotations

from tests.verify.test_signer import FORWARD, IAT, LONDON, MOBILE, ORIGID, SIGNER

from ringfence.model.rejected import Rejected
from ringfence.verify.forwarding import to_divert
from ringfence.verify.passport import parse_token

SHAKEN = str(SIGNER.shaken(LONDON, MOBILE, IAT, "A", ORIGID))


def diverted(value: str, target: str) -> str:
    received = parse_token(value.partition(";")[0])
    assert not isinstance(received, Rejected)
    return str(SIGNER.div(received, target))


def reason(found: tuple[str, ...] | Rejected) -> str:
    assert isinstance(found, Rejected) and found.status is None
    return found.reason


def test_the_end_of_the_chain_is_diverted() -> None:
    assert to_divert([SHAKEN]) == (SHAKEN,)
    first = diverted(SHAKEN, FORWARD)
    assert to_divert([first, SHAKEN]) == (first,)
    second = diverted(first, "442079460999")
    assert to_divert([SHAKEN, second, first]) == (second,)


def test_one_div_for_tokens_of_the_same_parties() -> None:
    priority = str(SIGNER.rph(LONDON, MOBILE, IAT, ["ets.0"]))
    assert to_divert([SHAKEN, priority]) == (SHAKEN,)
    other = str(SIGNER.plain(LONDON, [MOBILE, FORWARD], IAT))
    assert to_divert([SHAKEN, other]) == (SHAKEN, other)


def test_nothing_to_divert() -> None:
    assert reason(to_divert([])) == "no_identity"
    assert reason(to_divert(["nothing;="])) == "bad_syntax"
    assert reason(to_divert(["a.b.c;info=<https://example.org/>"])) == "bad_syntax"
    compact = str(SIGNER.plain(LONDON, MOBILE, IAT, compact=True))
    assert reason(to_divert([compact])) == "bad_syntax"
    assert to_divert([compact, SHAKEN]) == (SHAKEN,)
    first = diverted(SHAKEN, FORWARD)
    assert reason(to_divert([first, diverted(first, MOBILE)])) == "bad_syntax"
