import json
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ringfence.errors import UsageError
from ringfence.numbers.reading import normalise

VECTORS = json.loads((Path(__file__).parents[1] / "vectors/numbers/normalise.json").read_text())


@pytest.mark.parametrize("vector", VECTORS, ids=lambda v: f"{v['region']} {v['text'][:40]!r}")
def test_vector(vector: dict[str, str]) -> None:
    assert normalise(vector["text"], vector["region"]) == (vector["number"], vector["reason"])


@pytest.mark.parametrize("region", ["GB", "US", "FR", "IT", "DE", "001"])
def test_what_was_read_is_read_again_as_itself(region: str) -> None:
    for vector in VECTORS:
        number = vector["number"]
        if number and number.startswith(("+", "t1:")):
            assert normalise(number, region).number == number


def test_unknown_region_is_the_operators_fault() -> None:
    with pytest.raises(UsageError, match="unknown region 'XX'"):
        normalise("07700900123", "XX")


_NUMBERISH = st.text(
    st.sampled_from('0123456789+-. ()<>@:;=*#eExX%"tsiplanoymu٣４ \x00\u202a') | st.characters(), max_size=60
)


@given(_NUMBERISH, st.sampled_from(["GB", "US", "FR", "IT", "001"]))
def test_any_text_is_a_number_or_a_reason(text: str, region: str) -> None:
    number, reason = normalise(text, region)
    assert (number is None) != (reason is None)
    if number and not number.startswith("t1:"):
        digits = number.removeprefix("+")
        assert digits.isascii() and digits.isdigit() and digits[0] != "0"
        assert 7 <= len(digits) <= 15 if number.startswith("+") else 2 <= len(digits) <= 6
        assert normalise(number, region) == (number, None)
