from ringfence.model.attempt import Attempt
from ringfence.model.verification import HeaderVerdict, Verification
from ringfence.model.verification import Verdict as Proof
from ringfence.screen.context import Context, diverted, unit_of


def test_whose_calls_they_are() -> None:
    assert unit_of(Attempt(trunk="T", account="7", fingerprint="f")) == "T/7"
    assert unit_of(Attempt(trunk="T", fingerprint="f")) == "T/f"
    assert unit_of(Attempt(trunk="T")) is None and unit_of(Attempt()) is None


def test_nobody_owns_a_number_that_no_register_has() -> None:
    assert Context().owner == ""


def test_whose_word_a_diversion_is() -> None:
    signed = HeaderVerdict(Proof.VALID, ppt="div")
    unproved = Verification(Proof.UNSIGNED, "no_identity")
    says = Attempt(diverted_from="+447700900001")
    assert not diverted(says, unproved) and not diverted(Attempt(diversion_believed=True), unproved)
    assert diverted(Attempt(diverted_from="+447700900001", diversion_believed=True), unproved)
    assert diverted(says, Verification(Proof.VALID, passports=(signed,)))
    broken = HeaderVerdict(Proof.INVALID, "bad_signature", ppt="div")
    assert not diverted(says, Verification(Proof.VALID, passports=(broken,)))
