"""A day's calls as canonical Parquet: integers become dictionary-encoded strings, a row group at a time."""

from __future__ import annotations

import datetime as dt
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt
import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.parquet as pq

from ringfence.model.record import CALL_RECORD
from ringfence.simulate.calls import KINDS, Calls
from ringfence.simulate.network import GATEWAYS, INTERNATIONAL, Network
from ringfence.simulate.numbering import NumberingPlan
from ringfence.simulate.population import CELLS_PER_TOWN, Population
from ringfence.simulate.scenario import Scenario

Array = npt.NDArray[Any]

ROW_GROUP = 250_000  # bounds memory: the parts of the shapes are the widest column
_PLAIN = ("call_id", "sip_call_id", "start_time", "answer_time", "end_time")
_HEX = np.frombuffer(b"0123456789abcdef", np.uint8)

LABELS: pa.Schema = pa.schema([pa.field("call_id", pa.string(), nullable=False), ("kind", pa.string())])
TRUTH: pa.Schema = pa.schema(
    [
        pa.field("call_id", pa.string(), nullable=False),
        ("platform", pa.string()),
        ("customer", pa.string()),
    ]
)
VICTIMS: pa.Schema = pa.schema(
    [
        pa.field("called", pa.string(), nullable=False),
        ("loss", pa.float64()),  # pounds; 0: none
        ("tier", pa.string()),  # the rule applied to the true calls: likely, possible, contacted
        ("calls", pa.int64()),
        ("longest_seconds", pa.float64()),
        ("platforms", pa.list_(pa.string())),
    ]
)


class Coded:
    """Strings by code; code -1 gives null."""

    def __init__(self, values: list[Any], kind: pa.DataType | None = None) -> None:
        self.values = pa.array(values, kind or pa.string())

    def column(self, codes: Array, width: type = np.int32) -> pa.DictionaryArray:
        mask = codes < 0
        return pa.DictionaryArray.from_arrays(
            pa.array(np.where(mask, 0, codes).astype(width), mask=mask), self.values
        )


class CallWriter:
    """Writes days of calls into `folder`, and the kind of every call beside."""

    def __init__(
        self, scenario: Scenario, plan: NumberingPlan, network: Network, people: Population, folder: Path
    ) -> None:
        self.folder, self.people, self.plan, self.scenario = folder, people, plan, scenario
        trunks = network.trunks
        self.trunk_of = np.array(network.trunk_of, np.int64)
        self.trunks = Coded([t.name for t in trunks])
        carriers = list(dict.fromkeys(t.carrier for t in trunks))
        self.carriers = Coded(carriers)
        self.carrier_of = np.array([carriers.index(t.carrier) for t in trunks])
        ways = ["customer", "national", "international"]
        self.ways = Coded(ways)
        self.passes = np.array([t.passes for t in trunks])
        self.way_of = np.array([ways.index(t.ingress) for t in trunks])
        self.accounts, self.account_of = _coded(network.account)
        self.agents, self.agent_of = _coded(network.agent)
        self.shape_of = np.array(network.shape, np.int64)
        self.shapes = Coded([f or "" for f in network.shapes.fingerprints])
        # list<dictionary> keeps the widest column narrow until it is written
        parts = pa.array(network.shapes.parts, pa.list_(pa.string()))
        self.parts = pa.ListArray.from_arrays(
            parts.offsets, parts.values.dictionary_encode(), mask=parts.is_null()
        )
        self.network_number = np.array(network.number, np.int64)
        flat = [a for group in network.addresses for a in group]
        self.addresses, codes = _coded(list(flat))
        self.address_code = codes
        self.address_count = np.array([len(a) for a in network.addresses])
        self.address_at = np.cumsum(self.address_count) - self.address_count
        self.level = np.array(network.level, np.int64)
        self.levels = Coded(["A", "B", "C"])
        self.verdicts = Coded(["TN-Validation-Passed", "TN-Validation-Failed", "No-TN-Validation"])
        ids = scenario.stream("origination identifiers")
        signed = self.level > 0
        self.origids = Coded([_uuid(ids) for _ in range(int(signed.sum()))])
        self.origid_of = np.where(signed, np.cumsum(signed) - 1, -1)
        self.signers = Coded([f"SPC {7000 + i}" for i in range(len(carriers))])
        self._handsets(scenario)
        self._egress()
        self.labels = pq.ParquetWriter(folder.parent / "labels.parquet", LABELS, compression="zstd")
        self.kinds = Coded(list(KINDS))

    def _handsets(self, scenario: Scenario) -> None:
        people = self.people
        rng = scenario.stream("handset identifiers")
        rows = len(people.number) - people.social + people.home
        tokens = _hex_strings(rng, rows, 16)
        self.tokens = Coded([])
        self.tokens.values = tokens
        # type allocation codes that begin with 00 are kept for test equipment
        self.devices = Coded([f"00{int(x):06d}" for x in rng.permutation(10**6)[:400]])
        cells = int(people.cell.max()) + 1
        self.cells = Coded(
            [
                f"001-01-{1000 + c // CELLS_PER_TOWN}-{20000 + c}"
                for c in range(max(cells, 1) + CELLS_PER_TOWN)
            ]
        )

    def _egress(self) -> None:
        holders = list(self.plan.holders)
        names = [*holders, GATEWAYS[0], "Special services"]
        self.next_carriers = Coded(names)
        codes = ["".join(w[0] for w in n.split()) + n.split()[0][1:3].upper() for n in names]
        self.exits = Coded([f"{code}-X{k}" for code in codes for k in (1, 2)])

    def close(self) -> None:
        self.labels.close()

    def day(self, calls: Calls, day: dt.date, rng: np.random.Generator) -> pa.StringArray:
        """One day, sorted by time, into its file; the call_ids given."""
        path = self.folder / f"calls-{day.isoformat()}.parquet"
        ids = _numbered(f"{day:%Y%m%d}-", len(calls))
        first_part = self._table(calls.slice(0, ROW_GROUP), ids.slice(0, ROW_GROUP), rng)
        with pq.ParquetWriter(
            path,
            first_part.schema,
            compression="zstd",
            compression_level=1,
            use_dictionary=[f.name for f in CALL_RECORD if f.name not in _PLAIN],
            store_schema=False,  # plain strings for every reader, dictionaries on the way
            write_statistics=True,
        ) as out:
            out.write_table(first_part, ROW_GROUP)
            del first_part
            for first in range(ROW_GROUP, len(calls), ROW_GROUP):
                part = calls.slice(first, first + ROW_GROUP)
                out.write_table(self._table(part, ids.slice(first, ROW_GROUP), rng), ROW_GROUP)
        self.labels.write_table(
            pa.table([ids, self.kinds.column(calls.kind, np.int8).cast(pa.string())], schema=LABELS)
        )
        return ids

    def _table(self, calls: Calls, ids: pa.StringArray, rng: np.random.Generator) -> pa.Table:
        n = len(calls)
        trunk = self.trunk_of[calls.line]
        shape = self.shape_of[calls.line] if self.scenario.fingerprints else np.zeros(n, np.int64)
        signalled = self.shape_of[calls.line] > 0
        answer = calls.start + (calls.ring.astype(np.float64) * 1e6).astype(np.int64)
        unanswered = ~calls.answered
        own = self.network_number[calls.line]
        network = np.where(own > 0, own, calls.network)
        network = np.where(self.passes[trunk], network, 0)
        level, verdict = self._attestation(calls, trunk, rng)
        columns: dict[str, pa.Array] = {
            "call_id": ids,
            "sip_call_id": pc.if_else(pa.array(signalled), _hex_strings(rng, n, 20), None),
            "start_time": _times(calls.start),
            "answer_time": _times(answer, unanswered),
            "end_time": _times(calls.end),
            "caller": _numbers(calls.caller),
            "network_number": _numbers(network),
            "called": _numbers(calls.called),
            "diverted_from": _numbers(calls.diverted),
            "trunk": self.trunks.column(trunk),
            "account": self.accounts.column(self.account_of[calls.line]),
            "carrier": self.carriers.column(self.carrier_of[trunk]),
            "ingress": self.ways.column(self.way_of[trunk]),
            "roaming": pa.array(calls.roaming == 1, mask=calls.roaming < 0),
            "status": pa.array(calls.status),
            "attestation": self.levels.column(level),
            "verstat": self.verdicts.column(verdict),
            "origid": self.origids.column(np.where(level >= 0, self.origid_of[calls.line], -1)),
            "signer": self.signers.column(np.where(level >= 0, self.carrier_of[trunk], -1)),
            "user_agent": self.agents.column(np.where(shape > 0, self.agent_of[calls.line], -1)),
            "fingerprint": self.shapes.column(np.where(shape > 0, shape, -1)),
            "fingerprint_parts": self.parts.take(pa.array(shape)),
            "source_ip": self._address(calls, rng),
            **self._exit(calls),
            **self._radio(calls, rng),
        }
        schema = pa.schema([f.with_type(columns[f.name].type) for f in CALL_RECORD])
        return pa.table([columns[f.name] for f in CALL_RECORD], schema=schema)

    def _address(self, calls: Calls, rng: np.random.Generator) -> pa.Array:
        count = self.address_count[calls.line]
        place = self.address_at[calls.line] + (rng.random(len(calls)) * count).astype(np.int64)
        place = np.minimum(place, len(self.address_code) - 1)
        return self.addresses.column(np.where(count > 0, self.address_code[place], -1))

    def _exit(self, calls: Calls) -> dict[str, pa.Array]:
        holder = self.plan.holder_of(calls.called)
        last = len(self.plan.holders)
        holder = np.where(holder >= 0, holder, np.where(calls.called < 10000, last + 1, last))
        return {
            "egress_trunk": self.exits.column(2 * holder + calls.called % 2),
            "next_carrier": self.next_carriers.column(holder),
        }

    def _attestation(self, calls: Calls, trunk: Array, rng: np.random.Generator) -> tuple[Array, Array]:
        level = self.level[calls.line]
        draw = rng.random(len(calls), np.float32)
        lost = draw < 0.03  # a hop that is not IP
        level = np.where(lost, 0, level)
        # passed, failed, none: 0, 1, 2; networks that verify nothing say nothing
        verdict = np.where(level == 0, np.where(lost & (self.level[calls.line] > 0), 2, -1), 0)
        verdict = np.where((level > 0) & (draw > 0.985), 1, verdict)
        return level - 1, verdict

    def _radio(self, calls: Calls, rng: np.random.Generator) -> dict[str, pa.Array]:
        people, person = self.people, calls.person.astype(np.int64)
        safe = np.maximum(person, 0)
        has = (person >= 0) & (people.device[safe] >= 0)
        hour = calls.start // 3_600_000_000 % 24
        draw = rng.random(len(calls), np.float32)
        at_work = (hour >= 9) & (hour < 17) & (draw < 0.75)
        cell = np.where(at_work, people.work_cell[safe], people.cell[safe])
        near = cell - cell % CELLS_PER_TOWN + (calls.start % CELLS_PER_TOWN)
        cell = np.where((draw > 0.8) & ~people.still[safe], near, cell)
        token = np.where(person >= people.social, person - people.social + people.home, person)
        return {
            "imei_tac": self.devices.column(np.where(has, people.device[safe], -1)),
            "imsi_token": self.tokens.column(np.where(has, token, -1)),
            "cell": self.cells.column(np.where(has, cell, -1)),
        }


def _coded(values: list[Any]) -> tuple[Coded, Array]:
    """Distinct strings and the code of each; null is -1."""
    encoded = pa.array(values, pa.string()).dictionary_encode()
    coded = Coded([])
    coded.values = encoded.dictionary
    return coded, encoded.indices.fill_null(-1).to_numpy(zero_copy_only=False).astype(np.int64)


def _times(values: Array, missing: Array | None = None) -> pa.Array:
    return pa.array(values, mask=missing).cast(pa.timestamp("us", tz="UTC"))


def _numbers(values: Array) -> pa.DictionaryArray:
    """E.164 with a plus; short codes and extensions as digits; 0 is null."""
    coded = pa.array(values, mask=values == 0).dictionary_encode()
    text = coded.dictionary.cast(pa.string())
    plus = pc.binary_join_element_wise("+", text, "")
    return pa.DictionaryArray.from_arrays(
        coded.indices, pc.if_else(pc.less(coded.dictionary, 10000), text, plus)
    )


def _numbered(prefix: str, n: int) -> pa.StringArray:
    """prefix and a running number of eight digits, for n rows."""
    width = len(prefix) + 8
    text = np.empty((n, width), np.uint8)
    text[:, : len(prefix)] = np.frombuffer(prefix.encode(), np.uint8)
    value = np.arange(n)
    for place in range(width - 1, len(prefix) - 1, -1):
        text[:, place] = 48 + value % 10
        value //= 10
    return _fixed(text)


def _hex_strings(rng: np.random.Generator, n: int, width: int) -> pa.StringArray:
    raw = np.frombuffer(rng.bytes(n * width // 2), np.uint8).reshape(n, width // 2)
    text = np.empty((n, width), np.uint8)
    text[:, 0::2] = _HEX[raw >> 4]
    text[:, 1::2] = _HEX[raw & 15]
    return _fixed(text)


def _fixed(text: npt.NDArray[np.uint8]) -> pa.StringArray:
    n, width = text.shape
    offsets = np.arange(n + 1, dtype=np.int32) * width
    return pa.StringArray.from_buffers(n, pa.py_buffer(offsets), pa.py_buffer(text.ravel()))


def _uuid(rng: np.random.Generator) -> str:
    text = rng.bytes(16).hex()
    return f"{text[:8]}-{text[8:12]}-4{text[13:16]}-a{text[17:20]}-{text[20:]}"


__all__ = ["INTERNATIONAL", "LABELS", "TRUTH", "VICTIMS", "CallWriter"]
