from __future__ import annotations

import json
from typing import Any

import pytest
from tests.verify.test_rcd_integrity import CARD, ICON, JCARD, LOGO, OCTETS

from ringfence.model.rejected import Rejected
from ringfence.model.verification import HeaderVerdict, Verdict, Verification
from ringfence.verify.constraints import ClaimConstraints
from ringfence.verify.rcd import LONGEST_NAME, Card, build_rich, rich_fault, shown
from ringfence.verify.rcd_integrity import canonical, digest, integrity_fault

NAME = "Example Bank"


def verified(rich: dict[str, Any] | Rejected, **values: Any) -> Verification:
    assert isinstance(rich, dict), rich
    return Verification(Verdict.VALID, attestation="A", rich=rich, **values)


def card(rich: dict[str, Any] | Rejected, *args: Any, **options: Any) -> Card:
    found = shown(verified(rich), *args, **options)
    assert isinstance(found, Card), found
    return found


def test_a_name_and_a_reason() -> None:
    assert card(build_rich(nam=NAME, crn="your appointment")) == Card(NAME, "your appointment")
    assert card(build_rich(crn="your appointment")) == Card(reason="your appointment")


def test_nothing_is_shown_of_a_call_that_was_not_verified() -> None:
    rich = build_rich(nam=NAME)
    assert isinstance(rich, dict)
    for verdict in (Verdict.INVALID, Verdict.UNSIGNED):
        assert shown(Verification(verdict, rich=rich)) is None
    assert shown(Verification(Verdict.VALID)) is None


def test_a_name_needs_the_number_to_be_vouched_for() -> None:
    rich = build_rich(nam=NAME)
    assert isinstance(rich, dict)
    for attestation in ("B", "C"):
        assert shown(Verification(Verdict.VALID, attestation=attestation, rich=rich)) is None
    by_type = HeaderVerdict(Verdict.VALID, ppt="rcd")
    assert isinstance(
        shown(Verification(Verdict.VALID, attestation="B", rich=rich, passports=(by_type,))), Card
    )


def test_an_image_is_shown_once_its_octets_are_those_signed() -> None:
    rich = build_rich(nam=NAME, icn=ICON, contents={ICON: b"png"})
    assert isinstance(rich, dict) and rich["rcdi"] == {"/icn": digest(b"png")}
    assert card(rich, {ICON: b"png"}).icon == ICON
    assert card(rich).withheld == ("icn: what is at its address could not be had",)
    changed = shown(verified(rich), {ICON: b"PNG"})
    assert isinstance(changed, Rejected) and changed.reason == "bad_digest"


def test_an_image_without_a_digest_is_withheld_unless_asked_for() -> None:
    rich = build_rich(nam=NAME, icn=ICON)
    assert card(rich).icon is None and "no digest" in card(rich).withheld[0]
    assert card(rich, need_digest=False).icon == ICON
    # a certificate that binds rcdi binds what is shown
    limits = [ClaimConstraints(permitted={"rcdi": ("{}",)})]
    assert card(rich, need_digest=False, constraints=limits).icon is None


def test_constraints_of_the_certificate_hold() -> None:
    rich = build_rich(nam=NAME, crn="prize")
    for limit in (
        ClaimConstraints(must_exclude=("crn",)),
        ClaimConstraints(must_include=("rcdi",)),
        ClaimConstraints(permitted={"rcd": ('{"nam":"Other"}',)}),
    ):
        found = shown(verified(rich), constraints=[limit])
        assert isinstance(found, Rejected) and found.reason == "constraint_violated"
    permitted = ClaimConstraints(("attest",), {"rcd": ('{"nam": "Example Bank"}',)})
    assert card(rich, constraints=[permitted]).name == NAME


def test_another_number_is_shown_to_its_holder_only() -> None:
    rich = build_rich(nam=NAME, apn="+442079460500")
    assert card(rich).number == "" and "apn" in card(rich).withheld[0]
    assert card(rich, holds=lambda n: n == "442079460500").number == "442079460500"


def test_a_card_in_the_token() -> None:
    tel = ["tel", {}, "uri", "tel:+442079460500"]
    jcd = ["vcard", [*JCARD[1], tel]]
    rich = build_rich(nam=NAME, jcd=jcd, contents={LOGO: b"logo"})
    assert isinstance(rich, dict)
    assert rich["rcdi"] == {"/jcd": digest(canonical(jcd) or b""), "/jcd/1/2/3": digest(b"logo")}
    whole = card(rich, {LOGO: b"logo"}, holds=lambda n: n == "442079460500")
    assert whole.jcard == jcd and not whole.withheld
    part = card(rich)
    assert part.jcard == ["vcard", JCARD[1][:2]]
    assert [w.partition(":")[0] for w in part.withheld] == ["logo", "tel"]


def test_a_card_elsewhere() -> None:
    held = {CARD: OCTETS, LOGO: b"logo"}
    rich = build_rich(nam=NAME, jcl=CARD, contents=held, algorithm="sha384")
    assert isinstance(rich, dict) and set(rich["rcdi"]) == {"/jcl", "/jcl/1/2/3"}
    assert card(rich, held).jcard == JCARD
    assert card(rich, {CARD: OCTETS}).jcard == ["vcard", JCARD[1][:2]]
    assert card(rich).jcard is None and card(rich).withheld
    assert integrity_fault(rich, {CARD: json.dumps([]).encode()})
    no_card = {"rcd": {"nam": NAME, "jcl": CARD}, "rcdi": {"/jcl": digest(b"[]")}}
    assert "no jCard" in card(no_card, {CARD: b"[]"}).withheld[0]


@pytest.mark.parametrize(
    "claims",
    [
        {"rcdi": {"/icn": digest(b"")}},
        {"crn": ""},
        {"crn": 5},
        {"crn": "x" * 161},
        {"rcd": []},
        {"rcd": {}},
        {"rcd": {"nam": " "}},
        {"rcd": {"nam": "x" * (LONGEST_NAME + 1)}},
        {"rcd": {"nam": "Example\nBank"}},
        {"rcd": {"nam": "\u202eknaB elpmaxE"}},
        {"rcd": {"nam": NAME, "apn": "+442079460500"}},
        {"rcd": {"nam": NAME, "icn": "http://cards.example.org/icon.png"}},
        {"rcd": {"nam": NAME, "jcl": "file:///card.json"}},
        {"rcd": {"nam": NAME, "jcd": {}}},
        {"rcd": {"nam": NAME, "jcd": JCARD, "jcl": CARD}},
        {"rcd": {"nam": NAME}, "rcdi": {"/nam": "sha1-x"}},
    ],
)
def test_what_is_not_as_it_must_be(claims: dict[str, Any]) -> None:
    assert rich_fault(claims)
    found = shown(verified(claims))
    assert isinstance(found, Rejected) and found.reason == "bad_syntax"


@pytest.mark.parametrize(
    "values",
    [
        {},
        {"icn": ICON},
        {"nam": NAME, "algorithm": "md5"},
        {"nam": NAME, "apn": "hello"},
        {"nam": NAME, "jcl": CARD, "contents": {CARD: b"no card"}},
    ],
)
def test_nothing_else_is_built(values: dict[str, Any]) -> None:
    built = build_rich(**values)
    assert isinstance(built, Rejected) and built.reason == "bad_syntax"


def test_names_of_the_world_are_names() -> None:
    for name in ("Crédit Exemple", "例え銀行", "بنك المثال", "👩\u200d⚕️ Clinic"):
        assert rich_fault({"rcd": {"nam": name}}) is None
