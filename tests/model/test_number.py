from __future__ import annotations

import msgspec
import pytest

from ringfence.model.number import Kind, Number


def test_a_kind_is_its_word() -> None:
    assert Kind("mobile") is Kind.MOBILE
    assert {kind.value for kind in Kind} == {kind.name.lower() for kind in Kind}
    promised = "mobile geographic non_geographic freephone premium personal short drama unallocated invalid"
    assert set(promised.split()) <= {kind.value for kind in Kind}


def test_a_number_travels_as_json_and_cannot_be_changed() -> None:
    number = Number("020 7946 0000", "+442079460000", valid=True, kind=Kind.DRAMA, region="GB")
    assert msgspec.json.decode(msgspec.json.encode(number), type=Number) == number
    with pytest.raises(AttributeError):
        number.valid = False  # type: ignore[misc]
