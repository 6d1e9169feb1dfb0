from __future__ import annotations

from pathlib import Path

import msgspec
import pyarrow as pa
from tests.hunt.conftest import World

from ringfence.config import HuntSettings
from ringfence.hunt.context import Context
from ringfence.hunt.findings import Tiers
from ringfence.hunt.inputs import Told
from ringfence.hunt.scoring import score
from ringfence.hunt.signal import all_detectors, call, office, person
from ringfence.hunt.summary import limits_of_files, summarise, used_of_files
from ringfence.hunt.weights import shipped_weights
from ringfence.model import findings as schema
from ringfence.numbers.register import Register, parse_register
from ringfence.store.run import Summary

EMPTY = {
    "flagged_calls": schema.FLAGGED_CALLS,
    "campaigns": schema.CAMPAIGNS,
    "platforms": schema.PLATFORMS,
    "victims": schema.VICTIMS,
}


def _summary(context: Context, inputs: list[Path]) -> dict[str, object]:
    tables = {name: wanted.empty_table() for name, wanted in EMPTY.items()}
    scores = score(context, shipped_weights())
    return summarise(context, scores, tables, inputs, HuntSettings(), Tiers(600, 90))


def test_the_report_reads_what_the_hunt_writes(world: World, tmp_path: Path) -> None:
    (tmp_path / "scenario.toml").write_text("")
    context = world(call(0, office(0), person(0), 60, trunk="A"))
    found = _summary(context, [tmp_path / "calls"])
    read = msgspec.convert(found, Summary)
    assert [s.name for s in read.signals] == [d.SIGNAL.name for d in all_detectors()]
    assert {s.status for s in read.signals} <= {"spoke", "silent", "stood_aside"}
    assert read.tiers["likely"].startswith("10 minutes")
    assert read.tiers["possible"].startswith("1.5 minutes")
    # the simulator leaves its scenario beside the calls
    assert read.simulated is True


def test_limits_name_what_the_records_lack(world: World, tmp_path: Path) -> None:
    bare = _summary(world(call(0, office(0), person(0), 60)), [tmp_path])["limits"]
    assert isinstance(bare, list)
    for missing in ("fingerprints", "register", "trunks"):
        assert any(missing in limit for limit in bare), missing
    bank = ((office(0), "Bank", "inbound_only"),)
    one, later = (call(m, office(0), person(0), 60, trunk="A", fingerprint="f") for m in (0, 14 * 1440))
    limits = _summary(world(one, later, register=bank), [tmp_path])["limits"]
    assert isinstance(limits, list)
    assert len(limits) == len(bare) - 3
    short = _summary(world(one, register=bank), [tmp_path])["limits"]
    assert isinstance(short, list)
    assert any("went stale" in limit for limit in short)


def test_what_could_not_be_used_of_a_file_is_a_limit() -> None:
    register = parse_register(
        "number,owner,use\n+442079460159,A Bank,inbound_only\nrubbish,B,outbound\n", "GB", "numbers.csv"
    )
    times = pa.table({name: pa.array([1, 2], pa.int64()) for name in ("number", "called", "t")})
    told = {"reports": Told(times, 1502, {"bad_time": 1500}, zoneless=2)}
    paths = {"numbers": Path("x/numbers.csv"), "reports": Path("x/reports.csv")}
    used = used_of_files(paths, register, told)
    assert (used["numbers"]["read"], used["numbers"]["used"]) == (2, 1)
    numbers, rows, zones = limits_of_files(used)
    assert numbers.startswith("1 of 2 rows of numbers.csv could not be used (")
    assert rows == "1,500 of 1,502 rows of reports.csv could not be used (bad_time 1,500)."
    assert zones.startswith("2 times in reports.csv name no zone and were read as UTC")


def test_files_without_fault_say_nothing() -> None:
    times = pa.table({name: pa.array([1], pa.int64()) for name in ("number", "called", "t")})
    told = {"declared": Told(times, 1, {}, 0)}
    used = used_of_files({"declared": Path("d.csv")}, Register(()), told)
    assert list(used) == ["declared"]
    assert limits_of_files(used) == []
