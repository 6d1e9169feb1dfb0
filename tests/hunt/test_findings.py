from __future__ import annotations

import datetime as dt
from collections.abc import Iterator
from typing import Any

import numpy as np
import pandas as pd
import pyarrow as pa
import pytest
from tests.hunt.stacked import MONDAY, number, stack

from ringfence.hunt import findings
from ringfence.hunt.context import Context
from ringfence.hunt.findings import Tiers, call_signals, describe, in_words
from ringfence.hunt.linking import link
from ringfence.hunt.scoring import Scores, score
from ringfence.hunt.signal import Example, all_detectors, call, office, person
from ringfence.hunt.weights import shipped_weights
from ringfence.model import findings as schema
from ringfence.store.engines import open_engine

BANKS = tuple((office(i), f"Bank {i}", "inbound_only") for i in range(3))


@pytest.fixture(scope="module")
def described(tmp_path_factory: pytest.TempPathFactory) -> Iterator[tuple[Context, Scores, pd.DataFrame]]:
    """A web phone that poses as three banks over two trunks, all of it flagged."""
    calls = [
        call(9 * i, office(i % 3), person(i // 2), talk, trunk="AB"[i % 2], carrier="C", fingerprint="f1")
        for i, talk in enumerate((0, 30, 70, 400, 0, 0, 299.5, 300, 10, 59))
    ]
    calls.append(call(5, person(90), person(91), 60, trunk="Z", carrier="C"))
    example = Example(name="a web phone", fires=True, calls=tuple(calls), register=BANKS)
    with open_engine("duckdb", workdir=tmp_path_factory.mktemp("findings")) as engine:
        context = stack(engine, [example])
        scores = score(context, shipped_weights())
        table = scores.evidence.calls.assign(
            score=0.9, signals=call_signals(scores, np.arange(len(scores.score)))
        )
        yield context, scores, describe(context, link(context, table))


@pytest.mark.parametrize(
    ("seconds", "tier"),
    [(0, "contacted"), (59.9, "contacted"), (60, "possible"), (299.9, "possible"), (300, "likely")],
)
def test_tiers(seconds: float, tier: str) -> None:
    assert Tiers().of(seconds) == tier
    assert Tiers(likely_seconds=10, possible_seconds=10).of(10) == "likely"


def test_reasons_are_one_sentence() -> None:
    words = {d.SIGNAL.name: d.SIGNAL.words for d in all_detectors()}
    both = ["many_owners", "long_tail"]
    assert in_words(both, "5 calls") == f"5 calls: {words['many_owners']}; {words['long_tail']}"
    assert in_words(both) == f"{words['many_owners']}; {words['long_tail']}"
    assert in_words([], "5 calls") == "5 calls"
    assert in_words(["unheard_of"]) == ""


def test_a_call_without_a_signal_says_what_it_shares() -> None:
    calls = pd.DataFrame(
        {
            "platform": ["p1", "p1", "p1", "p1", "p2"],
            "caller": [1, 1, 1, 9, 1],
            "called": [5, 6, 7, 8, 7],
            "fingerprint_text": ["f", None, None, None, None],
            "entry": ["a", "b", "a", "c", "a"],
            "signals": [["x"], ["x"], [], [], []],
        }
    )
    reasons = findings.company_reasons(calls)
    assert reasons[2].endswith("the number it shows (2), its way in (1)")
    assert "follows the list" in reasons[3]
    assert "follows the list" in reasons[4], "what other platforms do says nothing of this one"


def test_texts_come_back(described: tuple[Context, Scores, pd.DataFrame]) -> None:
    first = described[2].iloc[0]
    assert first["caller_text"] == number(0, office(0))
    assert first["called_text"] == number(0, person(0))
    assert (first["owner_text"], first["trunk_text"], first["carrier_text"]) == ("e0:Bank 0", "e0:A", "C")
    assert (first["account_text"], first["source_ip_text"]) == (None, None)


def test_tables_have_exactly_the_schemas(described: tuple[Context, Scores, pd.DataFrame]) -> None:
    context, scores, calls = described
    for table_calls in (calls, calls.iloc[:0]):
        tables = {
            "FLAGGED_CALLS": findings.flagged_table(table_calls),
            "CAMPAIGNS": findings.campaign_table(table_calls),
            "PLATFORMS": findings.platform_table(table_calls, {}),
            "VICTIMS": findings.victim_table(table_calls, Tiers()),
            "SOURCES": findings.source_table(context, table_calls),
            "CONSIDERED": findings.considered_table(scores, context, set()),
        }
        for name, table in tables.items():
            assert table.schema.equals(getattr(schema, name)), name
        if table_calls.empty:
            assert {len(tables[n]) for n in ("FLAGGED_CALLS", "PLATFORMS", "VICTIMS", "SOURCES")} == {0}


def test_flagged_calls_say_what_they_were(described: tuple[Context, Scores, pd.DataFrame]) -> None:
    rows = {r["call_id"]: r for r in findings.flagged_table(described[2]).to_pylist()}
    assert len(rows) == 10
    answered, rung = rows["0000-000003"], rows["0000-000000"]
    assert (answered["talk_seconds"], rung["talk_seconds"]) == (400.0, None)
    assert answered["start_time"] == MONDAY + dt.timedelta(minutes=27)
    assert (answered["trunk"], answered["owner"], answered["fingerprint"]) == ("e0:B", "e0:Bank 0", "e0:f1")
    assert "protected_identity" in answered["signals"] and answered["reason"]


def test_a_victim_is_as_deep_in_as_the_longest_call(
    described: tuple[Context, Scores, pd.DataFrame],
) -> None:
    table = findings.victim_table(described[2], Tiers())
    rows: dict[str, dict[str, Any]] = {r["called"]: r for r in table.to_pylist()}
    tiers = [rows[str(number(0, person(i)))]["tier"] for i in range(5)]
    assert tiers == ["contacted", "likely", "contacted", "likely", "contacted"]
    first = rows[str(number(0, person(1)))]
    assert (first["calls"], first["answered"], first["longest_seconds"]) == (2, 2, 400.0)
    assert first["talk_seconds"] == 470.0
    assert "6.7 min" in first["reason"] and "e0:Bank 0" in first["reason"]
    assert rows[str(number(0, person(2)))]["reason"].startswith("was called by platform")
    # the strongest contact comes first
    assert [r["tier"] for r in table.to_pylist()] == sorted(tiers, key=schema.TIERS.index)


def test_platforms_campaigns_and_sources_add_up(
    described: tuple[Context, Scores, pd.DataFrame],
) -> None:
    context, _scores, calls = described
    (platform,) = findings.platform_table(calls, {}).to_pylist()
    campaigns = findings.campaign_table(calls).to_pylist()
    sources = findings.source_table(context, calls).to_pylist()
    assert platform["calls"] == sum(c["calls"] for c in campaigns) == 10
    assert platform["campaigns"] == len(campaigns)
    assert platform["trunks"] == ["e0:A", "e0:B"]
    assert [(s["trunk"], s["calls"], s["flagged_calls"], s["share"]) for s in sources] == [
        ("e0:A", 5, 5, 1.0),
        ("e0:B", 5, 5, 1.0),
    ]
    assert 0 < platform["score"] < 0.9  # pulled down while there are few calls
    assert "in the name of e0:Bank 0, e0:Bank 1, e0:Bank 2" in platform["reason"]


def test_a_known_platform_is_named(described: tuple[Context, Scores, pd.DataFrame]) -> None:
    calls = described[2]
    name = calls["platform"].iloc[0]
    (row,) = findings.platform_table(calls, {name: ("P-old", 0.91)}).to_pylist()
    assert (row["known_as"], row["known_similarity"]) == ("P-old", 0.91)


def test_what_was_left_alone_says_why(described: tuple[Context, Scores, pd.DataFrame]) -> None:
    context, scores, calls = described
    table = scores.unit_tables["entry"]
    striking = scores.unit_tables | {"entry": table.assign(log_odds=np.linspace(-1, -2, len(table)))}
    doubted = Scores(scores.evidence, striking, scores.log_odds, scores.score)
    rows = findings.considered_table(doubted, context, set()).to_pylist()
    assert rows and all(row["why"] for row in rows)
    assert [row["score"] for row in rows] == sorted((row["score"] for row in rows), reverse=True)
    accused = set(calls["entry"])
    left = findings.considered_table(doubted, context, accused).to_pylist()
    assert {row["trunk"] for row in left}.isdisjoint({"e0:A", "e0:B"})


def test_times_are_utc_microseconds() -> None:
    assert schema.FLAGGED_CALLS.field("start_time").type == pa.timestamp("us", tz="UTC")
