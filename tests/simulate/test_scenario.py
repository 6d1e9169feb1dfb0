"""Scenarios: names, files, settings, ranges; and one clear line for what is wrong."""

from __future__ import annotations

from pathlib import Path

import msgspec
import pytest

from ringfence.errors import ConfigError
from ringfence.simulate.calls import KINDS
from ringfence.simulate.scenario import NAMED, SERVICES, TRAFFIC, UNKNOWN, Scenario, build, draw_unknown, dump


@pytest.mark.parametrize("name", NAMED)
def test_every_named_scenario_survives_a_round_trip_through_toml(name: str, tmp_path: Path) -> None:
    made = build(name, seed=7)
    file = tmp_path / "scenario.toml"
    file.write_text(dump(made), encoding="utf-8")
    assert build(file=file) == made


def test_headline_base_rate_is_at_most_one_in_ten_thousand() -> None:
    made = build("national")
    assert made.fraud_rate <= 1e-4
    assert made.planned_fraud <= 1e-4 * made.planned_calls


def test_settings_and_options_override_the_file(tmp_path: Path) -> None:
    file = tmp_path / "mine.toml"
    file.write_text('name = "mine"\ndays = 3\n[traffic]\ncpaas = 0.2\n', encoding="utf-8")
    made = build(
        file=file, settings=["recontact_rate=0.9", "traffic.debt=0.01", "services=['handset']"], days=5
    )
    assert (made.name, made.days, made.recontact_rate, made.services) == ("mine", 5, 0.9, ["handset"])
    assert made.traffic == {**TRAFFIC, "cpaas": 0.2, "debt": 0.01}


@pytest.mark.parametrize(
    ("name", "settings", "says"),
    [
        ("nowhere", [], "no scenario is called 'nowhere'"),
        ("small", ["colour=3"], "unknown key 'colour'"),
        ("small", ["colour"], "write key=value"),
        ("small", ["days='many'"], "days"),
        ("small", ["days=0"], "days must be more than 0"),
        ("small", ["recontact_rate=3"], "from 0 to 1"),
        ("small", ["start='soon'"], "soon"),
        ("small", ["services=['pigeon']"], "unknown service 'pigeon'"),
        ("small", ["traffic.pigeon=0.1"], "unknown kind 'pigeon'"),
        ("small", ["traffic=3"], "traffic must be a table"),
        ("small", ["subscribers=5"], "at least 1000"),
        ("small", ["protected_share=0.9"], "exceed 1"),
    ],
)
def test_a_wrong_scenario_is_refused_with_one_line(name: str, settings: list[str], says: str) -> None:
    with pytest.raises(ConfigError, match=says) as caught:
        build(name, settings=settings)
    assert "\n" not in str(caught.value)


def test_an_unreadable_file_is_refused_with_one_line(tmp_path: Path) -> None:
    broken = tmp_path / "broken.toml"
    broken.write_text("days = [", encoding="utf-8")
    for file in (broken, tmp_path / "absent.toml", tmp_path):
        with pytest.raises(ConfigError) as caught:
            build(file=file)
        assert "\n" not in str(caught.value)


def test_random_draws_every_unknown_within_its_range_by_the_seed() -> None:
    assert draw_unknown(1) == draw_unknown(1) != draw_unknown(2)
    made = msgspec.structs.asdict(build("random", seed=3))
    for key, (low, high, _) in UNKNOWN.items():
        assert low <= made[key] <= high
    assert build("random", seed=3, settings=["recontact_rate=0.01"]).recontact_rate == 0.01


def test_every_range_is_of_a_known_parameter_and_holds_its_default() -> None:
    defaults = msgspec.structs.asdict(Scenario())
    for key, (low, high, _) in UNKNOWN.items():
        assert low <= defaults[key] <= high, key


def test_the_reference_lists_every_parameter_scenario_service_and_kind() -> None:
    text = (Path(__file__).parents[2] / "docs" / "reference" / "simulate.md").read_text(encoding="utf-8")
    words = {*Scenario.__struct_fields__, *NAMED, *TRAFFIC, *KINDS}
    assert [w for w in sorted(words) if f"`{w}`" not in text and f"`[{w}]`" not in text] == []
    assert [s for s in SERVICES if s not in text] == []


def test_a_later_period_starts_twelve_weeks_on() -> None:
    assert (build("returning").first_day - build("national").first_day).days == 84
