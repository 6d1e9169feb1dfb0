from ringfence.model.attempt import Attempt
from ringfence.screen.context import Context, unit_of


def test_whose_calls_they_are() -> None:
    assert unit_of(Attempt(trunk="T", account="7", fingerprint="f")) == "T/7"
    assert unit_of(Attempt(trunk="T", fingerprint="f")) == "T/f"
    assert unit_of(Attempt(trunk="T")) is None and unit_of(Attempt()) is None


def test_nobody_owns_a_number_that_no_register_has() -> None:
    assert Context().owner == ""
