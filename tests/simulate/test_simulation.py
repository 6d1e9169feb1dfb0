"""Whole networks: truth, base rate, determinism, scenarios."""

from __future__ import annotations

import csv
from pathlib import Path

import pyarrow.parquet as pq
import pytest
from tests.simulate.conftest import Simulated, load

from ringfence.errors import UsageError
from ringfence.simulate.scenario import Scenario, build
from ringfence.simulate.simulation import run


def simulated(folder: Path, scenario: Scenario) -> Simulated:
    return load(folder, scenario, run(scenario, folder))


def tiny(name: str, *settings: str, seed: int = 3) -> Scenario:
    return build(name, settings=settings, subscribers=1500, days=4, seed=seed)


def test_the_truth_is_about_calls_that_are_there(small: Simulated) -> None:
    ids = set(small.calls["call_id"].to_pylist())
    fraud = set(small.truth["call_id"].to_pylist())
    assert fraud and fraud <= ids
    labelled = dict(zip(small.labels["call_id"].to_pylist(), small.labels["kind"].to_pylist(), strict=True))
    assert {c for c, kind in labelled.items() if kind == "fraud"} == fraud
    assert set(small.truth["platform"].to_pylist()) == {
        f"{kind}-{i + 1}" for i, kind in enumerate(small.scenario.services)
    }


def test_victims_are_the_called_numbers_of_fraudulent_calls(small: Simulated) -> None:
    fraud = set(small.truth["call_id"].to_pylist())
    rows = zip(small.calls["call_id"].to_pylist(), small.calls["called"].to_pylist(), strict=True)
    called = {number for call, number in rows if call in fraud}
    assert set(small.victims["called"].to_pylist()) == called
    tiers = dict(zip(small.victims["called"].to_pylist(), small.victims["tier"].to_pylist(), strict=True))
    assert set(tiers.values()) <= {"likely", "possible", "contacted"}
    lost = [v for v in small.victims.to_pylist() if v["loss"] > 0]
    assert all(v["tier"] == "likely" for v in lost)


def test_the_base_rate_is_kept(small: Simulated, tmp_path: Path) -> None:
    assert small.summary.fraud_rate <= small.scenario.fraud_rate
    national = simulated(tmp_path, build("national", subscribers=3000, days=7, settings=["fraud_rate=1e-3"]))
    assert 0.6e-3 < national.summary.fraud_rate <= 1e-3


def test_the_same_seed_writes_the_same_bytes_and_another_does_not(tmp_path: Path) -> None:
    for name, seed in (("a", 3), ("b", 3), ("c", 4)):
        run(tiny("small", seed=seed), tmp_path / name)
    names = sorted(p.relative_to(tmp_path / "a") for p in (tmp_path / "a").rglob("*") if p.is_file())
    assert len(names) == 4 + 8
    for name in names:
        assert (tmp_path / "a" / name).read_bytes() == (tmp_path / "b" / name).read_bytes(), name
    first = "calls/calls-2025-11-03.parquet"
    assert (tmp_path / "a" / first).read_bytes() != (tmp_path / "c" / first).read_bytes()


def test_the_written_scenario_makes_the_same_network(tmp_path: Path) -> None:
    run(tiny("random", "fraud_rate=0.002"), tmp_path / "a")
    run(build(file=tmp_path / "a" / "scenario.toml"), tmp_path / "b")
    for name in ("truth.parquet", "calls/calls-2025-11-04.parquet"):
        assert (tmp_path / "a" / name).read_bytes() == (tmp_path / "b" / name).read_bytes()


def test_a_quiet_network_has_no_fraud(tmp_path: Path) -> None:
    quiet = simulated(tmp_path, tiny("quiet"))
    assert quiet.summary.fraudulent == quiet.truth.num_rows == quiet.victims.num_rows == 0
    assert "fraud" not in set(quiet.labels["kind"].to_pylist())


def test_without_fingerprints_or_register(tmp_path: Path) -> None:
    bare = simulated(tmp_path, tiny("no_fingerprints", "register=false"))
    for column in ("fingerprint", "fingerprint_parts", "user_agent"):
        assert bare.calls[column].null_count == len(bare.calls)
    assert bare.summary.register_rows == 0


def test_hidden_trunks_leave_no_rows_and_no_truth(tmp_path: Path) -> None:
    seen = simulated(tmp_path / "seen", tiny("small", "fraud_rate=0.005"))
    part = simulated(tmp_path / "part", tiny("small", "fraud_rate=0.005", "hidden_trunk_share=0.4"))
    trunks = set(seen.calls["trunk"].to_pylist()), set(part.calls["trunk"].to_pylist())
    assert trunks[1] < trunks[0]
    assert part.truth.num_rows < seen.truth.num_rows
    assert set(part.truth["call_id"].to_pylist()) <= set(part.calls["call_id"].to_pylist())


def test_a_returning_service_has_the_old_shapes_and_new_accounts(tmp_path: Path) -> None:
    def infrastructure(net: Simulated) -> tuple[set[str], set[str]]:
        fraud = set(net.truth["call_id"].to_pylist())
        columns = (net.calls[c].to_pylist() for c in ("call_id", "fingerprint", "account"))
        rows = [(f, a) for c, f, a in zip(*columns, strict=True) if c in fraud]
        return {f for f, _ in rows if f}, {a for _, a in rows if a}

    settings = (
        "fraud_rate=0.01",
        "fingerprint_coverage=1.0",
        "services=['handset']",
        "account_known_rate=1.0",
    )
    before = infrastructure(simulated(tmp_path / "1", tiny("small", *settings)))
    after = infrastructure(simulated(tmp_path / "2", tiny("returning", *settings)))
    assert before[0] & after[0] and not before[1] & after[1]


def test_protected_numbers_are_presented_by_more_innocents_than_services(tmp_path: Path) -> None:
    net = simulated(tmp_path, build("national", subscribers=6000, days=7))
    with (tmp_path / "numbers.csv").open(encoding="utf-8") as file:
        protected = {r["number"] for r in csv.DictReader(file) if r["use"] == "inbound_only"}
    kinds = [
        kind
        for caller, kind in zip(net.calls["caller"].to_pylist(), net.labels["kind"].to_pylist(), strict=True)
        if caller in protected
    ]
    assert kinds.count("fraud") < len(kinds) / 2
    assert {"bank_team", "misconfigured"} <= set(kinds)


def test_a_run_replaces_an_older_one_and_refuses_a_file(tmp_path: Path) -> None:
    run(tiny("small"), tmp_path / "net")
    run(build("small", subscribers=1500, days=2), tmp_path / "net")
    assert len(list((tmp_path / "net" / "calls").iterdir())) == 2
    assert pq.read_metadata(tmp_path / "net" / "labels.parquet").num_rows > 0
    (tmp_path / "file").write_text("", encoding="utf-8")
    with pytest.raises(UsageError, match="cannot write a simulation there"):
        run(tiny("small"), tmp_path / "file")


@pytest.mark.corpus
def test_no_simulated_number_is_allocated_in_the_real_plan(small: Simulated, corpus: Path) -> None:
    real: set[str] = set()
    with (corpus / "numbers" / "uk-prefix-operator.csv").open(encoding="utf-8") as file:
        real = {row["prefix"] for row in csv.DictReader(file) if row["operator"]}
    lengths = range(3, 9)
    for column in ("caller", "called", "network_number", "diverted_from"):
        for number in set(small.calls[column].to_pylist()):
            if number is None or not number.startswith("+44") or len(number) < 12:
                continue
            assert not any(number[3 : 3 + n] in real for n in lengths), number
