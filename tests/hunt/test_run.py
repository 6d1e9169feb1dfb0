"""The hunt as one job, in small simulated networks."""

from __future__ import annotations

import datetime as dt
import shutil
from pathlib import Path
from typing import Any

import msgspec
import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.parquet as pq
import pytest

from ringfence import __version__
from ringfence.config import HuntSettings
from ringfence.errors import InputError, UsageError
from ringfence.hunt.known import read_profiles
from ringfence.hunt.run import Files, Where, hunt
from ringfence.model import findings as schema
from ringfence.model.record import REJECTED
from ringfence.numbers.tokens import KEY_BYTES, TokenKey

TABLES = {
    "flagged_calls": schema.FLAGGED_CALLS,
    "campaigns": schema.CAMPAIGNS,
    "platforms": schema.PLATFORMS,
    "victims": schema.VICTIMS,
    "sources": schema.SOURCES,
    "considered": schema.CONSIDERED,
    "rejected": REJECTED,
}
HERE = Where("duckdb")


def rows(run: Path, name: str) -> list[dict[str, Any]]:
    found: list[dict[str, Any]] = pq.read_table(run / f"{name}.parquet").to_pylist()
    return found


def states(summary: dict[str, Any]) -> dict[str, str]:
    return {signal["name"]: signal["status"] for signal in summary["signals"]}


def test_the_files_of_the_contract_have_exactly_its_columns(small_hunt: Path) -> None:
    for name, wanted in TABLES.items():
        assert pq.read_schema(small_hunt / f"{name}.parquet").equals(wanted), name
    assert {p.name for p in small_hunt.iterdir()} == {
        *(f"{name}.parquet" for name in TABLES),
        "summary.json",
        "profiles.jsonl",
    }


def test_findings_fit_together(small_hunt: Path) -> None:
    flagged, campaigns = rows(small_hunt, "flagged_calls"), rows(small_hunt, "campaigns")
    platforms, victims = rows(small_hunt, "platforms"), rows(small_hunt, "victims")
    assert flagged and platforms
    assert sum(c["calls"] for c in campaigns) == sum(p["calls"] for p in platforms) == len(flagged)
    assert {c["campaign"] for c in campaigns} == {f["campaign"] for f in flagged}
    assert {v["called"] for v in victims} == {f["called"] for f in flagged}
    assert sum(v["calls"] for v in victims) == len(flagged)
    assert sum(s["flagged_calls"] for s in rows(small_hunt, "sources")) == len(flagged)
    assert all(0.5 <= f["score"] <= 1 and f["reason"] for f in flagged)
    assert {p["platform"] for p in platforms} == {p.id for p in read_profiles(small_hunt / "profiles.jsonl")}
    left, guilty = rows(small_hunt, "considered"), rows(small_hunt, "sources")
    assert not {(r["trunk"], r["account"]) for r in left} & {(r["trunk"], r["account"]) for r in guilty}


def test_most_of_what_is_flagged_is_fraud(small_hunt: Path, small_net: Path) -> None:
    truth = set(pq.read_table(small_net / "truth.parquet")["call_id"].to_pylist())
    flagged = {f["call_id"] for f in rows(small_hunt, "flagged_calls")}
    # so small a network says little about accuracy (benchmarks.hunt measures it): this catches breakage
    assert len(flagged & truth) >= 0.6 * len(flagged)
    assert len(flagged & truth) >= 0.4 * len(truth)


def test_summary(small_hunt: Path, small_net: Path) -> None:
    summary = msgspec.json.decode((small_hunt / "summary.json").read_bytes())
    assert summary["version"] == __version__
    assert (summary["region"], summary["engine"], summary["simulated"]) == ("GB", "duckdb", True)
    calls = sum(pq.read_metadata(f).num_rows for f in (small_net / "calls").glob("*.parquet"))
    assert summary["rows"] == {"read": calls, "accepted": calls, "rejected": 0, "by_reason": {}}
    counts = summary["counts"]
    for name in ("flagged_calls", "campaigns", "platforms"):
        assert counts[name] == len(rows(small_hunt, name))
    assert sum(counts["victims"].values()) == len(rows(small_hunt, "victims"))
    assert set(summary["tiers"]) == set(counts["victims"]) == set(schema.TIERS)
    first, last = (dt.datetime.fromisoformat(summary["period"][k]) for k in ("first", "last"))
    assert dt.timedelta(days=3) < last - first <= dt.timedelta(days=4)
    assert set(summary["seconds"]) == {
        *("read records", "choose suspects", "weigh evidence", "look again", "link calls", "write findings")
    }
    assert "stood_aside" not in states(summary).values()
    assert {s["calls"] > 0 for s in summary["signals"] if s["status"] == "spoke"} == {True}
    for name in ("numbers", "declared", "reports"):
        given = summary["files"][name]
        assert given["read"] == given["used"] > 0 and not given["rejected"]


def test_indicators_are_written_as_json_lines(small_hunt: Path) -> None:
    lines = (small_hunt.parent / "indicators.jsonl").read_bytes().splitlines()
    kinds = {msgspec.json.decode(line)["kind"] for line in lines}
    assert kinds and kinds <= {"trunk", "account", "source", "fingerprint", "number"}


def test_the_same_hunt_twice_writes_the_same(small_net: Path, small_hunt: Path, tmp_path: Path) -> None:
    files = Files(
        numbers=small_net / "numbers.csv",
        reports=small_net / "reports.csv",
        declared=small_net / "declared.csv",
    )
    (tmp_path / "again").mkdir()
    (tmp_path / "again" / "platforms.parquet").write_bytes(b"an older hunt")
    settings = HuntSettings(threads=1)
    hunt([small_net / "calls"], tmp_path / "again", settings=settings, where=HERE, files=files)
    for name in TABLES:
        once, again = (pq.read_table(d / f"{name}.parquet") for d in (small_hunt, tmp_path / "again"))
        assert once.equals(again), name
    assert (small_hunt / "profiles.jsonl").read_bytes() == (tmp_path / "again/profiles.jsonl").read_bytes()


def test_a_platform_that_is_known_is_named(small_net: Path, small_hunt: Path, tmp_path: Path) -> None:
    files = Files(numbers=small_net / "numbers.csv", known=small_hunt / "profiles.jsonl")
    hunt([small_net / "calls"], tmp_path / "run", settings=HuntSettings(), where=HERE, files=files)
    found = rows(tmp_path / "run", "platforms")
    assert found
    for platform in found:
        if platform["fingerprints"]:
            assert platform["known_as"] and platform["known_similarity"] >= 0.6


def test_what_is_missing_makes_signals_stand_aside(small_net: Path, tmp_path: Path) -> None:
    bare = tmp_path / "calls"
    bare.mkdir()
    for file in (small_net / "calls").glob("*.parquet"):
        table = pq.read_table(file)
        without = [c for c in table.column_names if c.startswith("fingerprint") or c == "user_agent"]
        pq.write_table(table.drop_columns(without), bare / file.name)
    summary = hunt([bare], tmp_path / "run", settings=HuntSettings(), where=HERE)
    aside = {s["name"]: s["why"] for s in summary["signals"] if s["status"] == "stood_aside"}
    assert {"undeclared", "near_report", "protected_identity"} <= set(aside)
    assert "fingerprint" in aside["rare_fingerprint"]
    assert any("no INVITE fingerprints" in limit for limit in summary["limits"])
    assert any("no register" in limit for limit in summary["limits"])
    assert summary["files"] == {}
    assert not any(row["fingerprint"] for row in rows(tmp_path / "run", "flagged_calls"))


def test_a_quiet_network_flags_nothing(quiet_net: Path, tmp_path: Path) -> None:
    files = Files(numbers=quiet_net / "numbers.csv")
    summary = hunt([quiet_net / "calls"], tmp_path / "run", settings=HuntSettings(), where=HERE, files=files)
    assert summary["counts"]["flagged_calls"] == summary["counts"]["platforms"] == 0
    assert sum(summary["counts"]["victims"].values()) == 0
    for name, wanted in TABLES.items():
        assert pq.read_schema(tmp_path / "run" / f"{name}.parquet").equals(wanted), name
    assert rows(tmp_path / "run", "considered")


def test_bad_rows_are_kept_with_their_reason(tmp_path: Path) -> None:
    file = tmp_path / "calls.csv"
    file.write_text(
        "call_id,start_time,end_time,caller,called,trunk\n"
        "a,2026-01-05T09:00:00Z,2026-01-05T09:01:00Z,+442079460159,+447700900001,A\n"
        "b,2026-01-05T09:00:00Z,2026-01-05T08:01:00Z,+442079460159,+447700900001,A\n"
        "c,2026-01-05T09:00:00Z,2026-01-05T09:01:00Z,+442079460159,rubbish,A\n"
        "d,yesterday,2026-01-05T09:01:00Z,+442079460159,+447700900001,A\n"
    )
    summary = hunt([file], tmp_path / "run", settings=HuntSettings(), where=HERE)
    assert (summary["rows"]["read"], summary["rows"]["accepted"], summary["rows"]["rejected"]) == (4, 1, 3)
    kept = rows(tmp_path / "run", "rejected")
    assert sum(summary["rows"]["by_reason"].values()) == len(kept) == 3
    assert all(row["reason"] and row["file"] for row in kept)


def test_rows_of_the_files_beside_are_counted_too(small_net: Path, tmp_path: Path) -> None:
    reports = tmp_path / "reports.csv"
    reports.write_text("number,called,time\n+442079460159,,2025-11-03\nrubbish,,2025-11-03\n")
    summary = hunt(
        [small_net / "calls"],
        tmp_path / "run",
        settings=HuntSettings(),
        where=HERE,
        files=Files(reports=reports),
    )
    assert summary["files"]["reports"] == {
        "file": str(reports),
        "read": 2,
        "used": 1,
        "rejected": {"number_not_a_number": 1},
        "zoneless": 1,
    }
    told = [limit for limit in summary["limits"] if "reports.csv" in limit]
    assert len(told) == 2 and "not_a_number 1" in told[0]


def test_records_that_share_an_id_are_used(small_net: Path, small_hunt: Path, tmp_path: Path) -> None:
    """A switch gives all legs of a call one id: nothing is lost, and no call of another is accused."""
    table = pq.read_table(small_net / "calls")
    flagged = {f["call_id"] for f in rows(small_hunt, "flagged_calls")}
    hit = pc.is_in(table["call_id"], pa.array(sorted(flagged)))
    ids = pc.if_else(hit, "the same", table["call_id"])
    table = table.set_column(table.schema.get_field_index("call_id"), "call_id", ids)
    pq.write_table(table, tmp_path / "calls.parquet")
    given = {name: small_net / f"{name}.csv" for name in ("numbers", "reports", "declared")}
    summary = hunt(
        [tmp_path / "calls.parquet"],
        tmp_path / "run",
        settings=HuntSettings(),
        where=HERE,
        files=Files(**given),
    )
    assert summary["notes"]["call_id_repeated"] == len(flagged)
    assert summary["rows"]["accepted"] == table.num_rows
    found = {f["call_id"] for f in rows(tmp_path / "run", "flagged_calls")}
    assert len(found) == len(flagged)
    assert all(id_.startswith("the same~0.") for id_ in found)


def test_a_damaged_page_costs_its_row_group_and_no_more(small_net: Path, tmp_path: Path) -> None:
    folder = tmp_path / "calls"
    shutil.copytree(small_net / "calls", folder)
    file = sorted(folder.glob("*.parquet"))[1]
    table = pq.read_table(file)
    pq.write_table(table, file, row_group_size=1000)
    data = bytearray(file.read_bytes())
    names = table.column_names
    for group, column in ((1, "called"), (2, "start_time")):
        at = pq.read_metadata(file).row_group(group).column(names.index(column)).data_page_offset
        data[at : at + 200] = b"\xff" * 200
    file.write_bytes(data)
    files = Files(numbers=small_net / "numbers.csv")
    summary = hunt([folder], tmp_path / "run", settings=HuntSettings(), where=HERE, files=files)
    all_rows = sum(pq.read_metadata(f).num_rows for f in folder.glob("*.parquet"))
    assert summary["rows"]["accepted"] == all_rows - 2 * 1000
    assert summary["rows"]["by_reason"] == {}  # no rows were read there: the places are told
    (notice,) = (line for line in summary["notices"] if file.name in line)
    assert notice in summary["limits"]
    lost = rows(tmp_path / "run", "rejected")
    assert [(row["file"], row["position"]) for row in lost] == [(str(file), 1001), (str(file), 2001)]
    assert summary["counts"]["flagged_calls"] > 0


def test_nothing_usable_is_the_operators_fault(tmp_path: Path, small_net: Path) -> None:
    settings = HuntSettings()
    rubbish = tmp_path / "rubbish.csv"
    rubbish.write_text("call_id,start_time,called\na,yesterday,+447700900001\n")
    with pytest.raises(InputError, match=r"no usable call record in .*bad_start_time|1 "):
        hunt([rubbish], tmp_path / "a", settings=settings, where=HERE)
    empty = tmp_path / "empty.parquet"
    source = next((small_net / "calls").glob("*.parquet"))
    pq.write_table(pq.read_schema(source).empty_table(), empty)
    with pytest.raises(InputError, match="no usable call record"):
        hunt([empty], tmp_path / "b", settings=settings, where=HERE)


def test_flagged_calls_without_a_shape_among_others_that_have_one(
    small_net: Path, small_hunt: Path, tmp_path: Path
) -> None:
    table = pq.read_table(small_net / "calls")
    fraud = pq.read_table(small_net / "truth.parquet")["call_id"].to_pylist()
    fraud += [f["call_id"] for f in rows(small_hunt, "flagged_calls")]
    hit = pc.is_in(table["call_id"], pa.array(fraud))
    shape = pc.if_else(hit, pa.scalar(None, pa.string()), table["fingerprint"].cast(pa.string()))
    table = table.set_column(table.schema.get_field_index("fingerprint"), "fingerprint", shape)
    pq.write_table(table, tmp_path / "calls.parquet")
    files = Files(numbers=small_net / "numbers.csv")
    hunt([tmp_path / "calls.parquet"], tmp_path / "run", settings=HuntSettings(), where=HERE, files=files)
    profiles = read_profiles(tmp_path / "run" / "profiles.jsonl")
    assert profiles and not any(p.shapes for p in profiles)


def test_what_cannot_be_written_is_told_before_the_work(small_net: Path, tmp_path: Path) -> None:
    calls, settings = [small_net / "calls"], HuntSettings()
    (tmp_path / "file").write_text("")
    with pytest.raises(UsageError, match="cannot write into"):
        hunt(calls, tmp_path / "file" / "run", settings=settings, where=HERE)
    with pytest.raises(UsageError, match="--workdir"):
        hunt(calls, tmp_path / "a", settings=settings, where=Where("duckdb", workdir=tmp_path / "absent"))
    with pytest.raises(UsageError, match="is a folder"):
        hunt(calls, tmp_path / "a", settings=settings, where=HERE, files=Files(indicators=tmp_path))
    with pytest.raises(UsageError, match="no folder"):
        absent = Files(indicators=tmp_path / "absent" / "i.jsonl")
        hunt(calls, tmp_path / "b", settings=settings, where=HERE, files=absent)


def test_one_call_and_calls_without_any_way_in(tmp_path: Path) -> None:
    start = dt.datetime(2026, 1, 5, tzinfo=dt.UTC)
    table = pa.table(
        {"call_id": ["a"], "start_time": pa.array([start], pa.timestamp("us", "UTC")), "called": ["159"]}
    )
    pq.write_table(table, tmp_path / "one.parquet")
    summary = hunt([tmp_path / "one.parquet"], tmp_path / "run", settings=HuntSettings(), where=HERE)
    assert summary["rows"]["accepted"] == 1
    assert summary["counts"]["flagged_calls"] == 0
    assert any("no trunks" in limit for limit in summary["limits"])
    shutil.rmtree(tmp_path / "run")


def test_hidden_numbers_turn_nobody_into_a_service(quiet_net: Path, tmp_path: Path) -> None:
    """Tokens are coded one after the other: their neighbours are no list that somebody works through."""
    key = TokenKey(bytes(range(KEY_BYTES)))
    table = pq.read_table(quiet_net / "calls")
    for column in ("caller", "network_number", "called", "diverted_from"):
        place = table.schema.get_field_index(column)
        table = table.set_column(place, column, key.hide(table[column]))
    pq.write_table(table, tmp_path / "hidden.parquet")
    summary = hunt([tmp_path / "hidden.parquet"], tmp_path / "run", settings=HuntSettings(), where=HERE)
    assert summary["counts"]["flagged_calls"] == 0
    assert any("tokens" in limit for limit in summary["limits"])


def _without(net: Path, columns: set[str], tmp_path: Path) -> Path:
    table = pq.read_table(net / "calls")
    pq.write_table(table.drop_columns(sorted(columns & set(table.column_names))), tmp_path / "less.parquet")
    return tmp_path / "less.parquet"


def test_without_trunks_the_account_is_the_source(small_net: Path, tmp_path: Path) -> None:
    less = _without(small_net, {"trunk", "fingerprint", "fingerprint_parts", "source_ip"}, tmp_path)
    files = Files(numbers=small_net / "numbers.csv", indicators=tmp_path / "indicators.jsonl")
    hunt([less], tmp_path / "run", settings=HuntSettings(), where=HERE, files=files)
    sources = rows(tmp_path / "run", "sources")
    assert all(s["trunk"] is None for s in sources)
    assert len({s["account"] for s in sources}) == len(sources) > 1
    lines = (tmp_path / "indicators.jsonl").read_bytes().splitlines()
    named = [msgspec.json.decode(line) for line in lines]
    assert {i["value"] for i in named if i["kind"] == "account"} <= {s["account"] for s in sources}
    assert all(i["with"] is None for i in named if i["kind"] == "account")


def test_calls_without_trunk_and_account_count_as_one_source(small_net: Path, tmp_path: Path) -> None:
    less = _without(small_net, {"trunk", "account"}, tmp_path)
    files = Files(numbers=small_net / "numbers.csv")
    hunt([less], tmp_path / "run", settings=HuntSettings(), where=HERE, files=files)
    (source,) = rows(tmp_path / "run", "sources")
    assert (source["trunk"], source["account"]) == (None, None)
    assert source["calls"] == pq.read_metadata(less).num_rows
    assert source["share"] == source["flagged_calls"] / source["calls"]
