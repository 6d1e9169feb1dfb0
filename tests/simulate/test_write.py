"""The files: the call-record contract, order, what is null."""

from __future__ import annotations

import ipaddress
import re

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.parquet as pq
from tests.simulate.conftest import Simulated

from ringfence.model.record import CALL_RECORD
from ringfence.simulate.calls import KINDS
from ringfence.simulate.write import Coded


def test_every_file_has_exactly_the_call_records_columns(small: Simulated) -> None:
    files = sorted((small.folder / "calls").glob("*.parquet"))
    assert len(files) == small.scenario.days
    for file in files:
        schema = pq.read_schema(file)
        assert schema.equals(CALL_RECORD), file
        assert not schema.field("called").nullable


def test_a_file_holds_one_day_sorted_by_time(small: Simulated) -> None:
    for file in (small.folder / "calls").glob("*.parquet"):
        start = pq.read_table(file, columns=["start_time"], partitioning=None)["start_time"]
        micro = start.cast(pa.int64()).to_numpy()
        assert (np.diff(micro) >= 0).all()
        assert {str(t)[:10] for t in (start[0], start[-1])} == {file.stem.removeprefix("calls-")}


def test_call_ids_are_unique_and_labelled(small: Simulated) -> None:
    ids = small.calls["call_id"]
    assert len(pc.unique(ids)) == len(ids)
    assert ids.equals(small.labels["call_id"])
    assert set(small.labels["kind"].to_pylist()) == set(KINDS), "every kind of traffic occurs"


def test_numbers_are_e164_short_codes_or_what_a_broken_exchange_sends(small: Simulated) -> None:
    labels = small.labels["kind"].to_pylist()
    for column in ("caller", "network_number", "called", "diverted_from"):
        for number, kind in zip(small.calls[column].to_pylist(), labels, strict=True):
            if number is None or kind == "misconfigured":
                continue
            assert re.fullmatch(r"\+[1-9]\d{9,13}|\d{3,4}", number), (column, number)


def test_times_and_status_agree(small: Simulated) -> None:
    calls = small.calls
    answered = pc.is_valid(calls["answer_time"])
    assert pc.equal(answered, pc.equal(calls["status"], 200)).to_pylist().count(False) == 0
    start, end = calls["start_time"].cast(pa.int64()), calls["end_time"].cast(pa.int64())
    assert pc.min(pc.subtract(end, start)).as_py() >= 0


def test_a_fingerprint_comes_with_its_parts_or_not_at_all(small: Simulated) -> None:
    fingerprint, parts = small.calls["fingerprint"], small.calls["fingerprint_parts"]
    assert pc.is_null(fingerprint).equals(pc.is_null(parts))
    pairs = set(zip(fingerprint.to_pylist(), map(str, parts.to_pylist()), strict=True))
    assert len(pairs) == len({f for f, _ in pairs}) == len({p for _, p in pairs})


def test_addresses_are_from_blocks_kept_for_documentation(small: Simulated) -> None:
    nets = ("192.0.2.0/24", "198.51.100.0/24", "203.0.113.0/24", "2001:db8::/32")
    blocks = [ipaddress.ip_network(n) for n in nets]
    for text in pc.unique(small.calls["source_ip"]).to_pylist():
        assert text is None or any(ipaddress.ip_address(text) in block for block in blocks)


def test_only_the_home_networks_mobiles_show_handset_and_cell(small: Simulated) -> None:
    calls = small.calls
    mobile = pc.is_valid(calls["imsi_token"])
    assert mobile.equals(pc.is_valid(calls["cell"])) and mobile.equals(pc.is_valid(calls["imei_tac"]))
    carriers = pc.unique(calls["carrier"].filter(mobile)).to_pylist()
    assert carriers == ["Ringwood Telecom"]


def test_coded_strings_are_null_below_zero() -> None:
    assert Coded(["a", "b"]).column(np.array([1, -1, 0])).to_pylist() == ["b", None, "a"]
