"""Linked calls become the tables of the contract: campaigns, platforms, victims, sources, and what was left
alone."""

from __future__ import annotations

from typing import Any

import msgspec
import numpy as np
import pandas as pd
import pyarrow as pa
from numpy.typing import NDArray

from ringfence.hunt.context import Context
from ringfence.hunt.records import code_to_text
from ringfence.hunt.scoring import Scores
from ringfence.hunt.signal import all_detectors
from ringfence.hunt.weights import level_of, probability
from ringfence.model import findings as schema

#: A unit's signal is named as a reason from this strength on.
_SPOKEN_LEVEL = 1


class Tiers(msgspec.Struct, frozen=True):
    """How strong a contact is, in seconds of the longest conversation. A tier is contact, never loss."""

    likely_seconds: float = 300.0
    possible_seconds: float = 60.0

    def of(self, seconds: float) -> str:
        if seconds >= self.likely_seconds:
            return "likely"
        return "possible" if seconds >= self.possible_seconds else "contacted"


def _words() -> dict[str, str]:
    return {d.SIGNAL.name: d.SIGNAL.words for d in all_detectors()}


def in_words(signals: list[str], opening: str = "") -> str:
    """The reasons in plain words, one sentence."""
    words = _words()
    text = "; ".join(words[s] for s in signals if s in words)
    return (f"{opening}: {text}" if opening and text else opening or text).strip()


def call_signals(scores: Scores, rows: NDArray[np.intp]) -> list[list[str]]:
    """The signals that spoke for the suspect calls at these positions: their own, and those of their units
    that were accused."""
    calls = scores.evidence.calls.iloc[rows]
    spoken: list[set[str]] = [set() for _ in range(len(calls))]
    for name, strength in scores.evidence.on_calls.items():
        for row in np.flatnonzero(strength[rows] > 0):
            spoken[row].add(name)
    unit_signals = set(scores.evidence.on_units)
    for kind, table in scores.unit_tables.items():
        accused = table[table["log_odds"] > 0]
        columns = [c for c in accused.columns if c in unit_signals]
        names = {
            unit: [c for c, level in zip(columns, level_of(values), strict=True) if level >= _SPOKEN_LEVEL]
            for unit, values in zip(accused.index, accused[columns].to_numpy(np.float64), strict=True)
        }
        for place, unit in enumerate(calls[kind].to_numpy()):
            spoken[place].update(names.get(unit, ()))
    order = {d.SIGNAL.name: i for i, d in enumerate(all_detectors())}
    return [sorted(names, key=lambda n: order[n]) for names in spoken]


def _time(values: Any) -> pa.Array:
    return pa.array(np.asarray(values, np.int64), pa.int64()).cast(pa.timestamp("us", tz="UTC"))


def _distinct(values: Any) -> list[str]:
    return sorted({v for v in values if isinstance(v, str) and v})


def _common_signals(lists: Any, share: float = 0.1) -> list[str]:
    """Signals of at least this share of the calls, the most frequent first."""
    counts: dict[str, int] = {}
    total = 0
    for names in lists:
        total += 1
        for name in names:
            counts[name] = counts.get(name, 0) + 1
    return [n for n, c in sorted(counts.items(), key=lambda x: (-x[1], x[0])) if c >= share * total]


def _token_texts(context: Context, linked: pd.DataFrame) -> dict[int, str]:
    """The tokens behind the codes of these calls; empty where the records hold plain numbers."""
    tokens = context.records.tokens
    if tokens is None or linked.empty:
        return {}
    codes = sorted({int(c) for column in ("caller", "called") for c in linked[column].dropna()})
    wanted = context.engine.upload(pa.table({"code": pa.array(codes, pa.int64())}), "wanted_codes")
    found = context.engine.collect(tokens.semi_join(wanted, "code"))
    return dict(zip(found["code"].to_pylist(), found["raw"].to_pylist(), strict=True))


#: What a call can have in common with others of its platform, in plain words.
_COMMON = {
    "caller": "the number it shows",
    "called": "the person called",
    "fingerprint_text": "the shape of its INVITE",
    "entry": "its way in",
}


def company_reasons(calls: pd.DataFrame) -> list[str]:
    """Why each call is flagged of which no signal of its own speaks: what it shares with those calls of its
    platform of which one does. calls: platform, signals and the columns of _COMMON."""
    alone = np.array([not s for s in calls["signals"]], bool)
    shared: list[list[str]] = [[] for _ in range(len(calls))]
    if alone.any():
        for column, words in _COMMON.items():
            key = ["platform", column]
            counts = calls[~alone].groupby(key).size().rename("others").reset_index()  # null keys fall out
            others = calls[key].merge(counts, on=key, how="left")["others"].fillna(0).to_numpy(np.int64)
            for row in np.flatnonzero(alone & (others > 0)):
                shared[row].append(f"{words} ({others[row]:,})")
    return [
        f"no signal of its own; shares with that many other calls of the platform {', '.join(names)}"
        if names
        else "no signal of its own; follows the list or the hours of other calls of the platform"
        for names in shared
    ]


def describe(context: Context, linked: pd.DataFrame) -> pd.DataFrame:
    """The linked calls with the texts behind their numbers: caller_text, called_text, owner_text, trunk_text,
    account_text, carrier_text, fingerprint_text, source_ip_text (null where absent), and reason."""
    texts = context.sources.set_index("source").reindex(linked["source"])
    table = linked.copy()
    for column in ("trunk", "account", "carrier", "fingerprint", "source_ip"):
        table[f"{column}_text"] = [v if isinstance(v, str) and v else None for v in texts[column]]
    hidden = _token_texts(context, linked)
    table["caller_text"] = [
        None if pd.isna(c) else hidden.get(int(c)) or code_to_text(int(c)) for c in table["caller"]
    ]
    table["called_text"] = [hidden.get(int(c)) or code_to_text(int(c)) for c in table["called"]]
    table["owner_text"] = [
        # nobody holds an unallocated number, whatever the register calls its owner
        context.owners[int(o)]
        if pd.notna(o) and 0 <= int(o) < len(context.owners) and u != "unallocated"
        else None
        for o, u in zip(table["owner"], table["use"], strict=True)
    ]
    company = company_reasons(table)
    table["reason"] = [in_words(s) or c for s, c in zip(table["signals"], company, strict=True)]
    return table


def flagged_table(calls: pd.DataFrame) -> pa.Table:
    return (
        pa.table(
            {
                "call_id": calls["call_id"],
                "score": calls["score"],
                "platform": calls["platform"],
                "campaign": calls["campaign"],
                "signals": pa.array(calls["signals"].tolist(), pa.list_(pa.string())),
                "reason": calls["reason"],
                "start_time": _time(calls["t"]),
                "talk_seconds": pa.array(
                    [t if a else None for t, a in zip(calls["talk"], calls["answered"], strict=True)],
                    pa.float64(),
                ),
                "caller": pa.array(calls["caller_text"].tolist(), pa.string()),
                "called": pa.array(calls["called_text"].tolist(), pa.string()),
                **{
                    c: pa.array(calls[f"{c}_text"].tolist(), pa.string())
                    for c in ("trunk", "account", "carrier", "fingerprint", "source_ip", "owner")
                },
            }
        )
        .select(schema.FLAGGED_CALLS.names)
        .cast(schema.FLAGGED_CALLS)
    )


def _score_of(scores: pd.Series) -> float:
    """A group's score: the mean of its calls', pulled down while there are few of them."""
    return float(scores.sum() / (len(scores) + 1))


def campaign_table(calls: pd.DataFrame) -> pa.Table:
    rows = []
    for name, group in calls.groupby("campaign", sort=True):
        signals = _common_signals(group["signals"])
        owners = _distinct(group["owner_text"])
        people = group["called"].nunique()
        opening = f"{len(group)} calls to {people} people under {group['caller'].nunique()} numbers"
        rows.append(
            {
                "campaign": name,
                "platform": group["platform"].iloc[0],
                "score": _score_of(group["score"]),
                "first_seen": group["t"].min(),
                "last_seen": group["t"].max(),
                "calls": len(group),
                "answered": int(group["answered"].sum()),
                "talk_seconds": float(group["talk"].sum()),
                "called_numbers": people,
                "identities": _distinct(group["caller_text"]),
                "owners": owners,
                "trunks": _distinct(group["trunk_text"]),
                "fingerprints": _distinct(group["fingerprint_text"]),
                "signals": signals,
                "reason": in_words(signals, opening),
            }
        )
    return _from_rows(rows, schema.CAMPAIGNS)


def platform_table(calls: pd.DataFrame, known: dict[str, tuple[str, float]]) -> pa.Table:
    """known: platform -> (id of the known platform, similarity)."""
    rows = []
    for name, group in calls.groupby("platform", sort=True):
        signals = _common_signals(group["signals"])
        owners = _distinct(group["owner_text"])
        opening = f"{len(group)} calls to {group['called'].nunique()} people"
        if owners:
            opening += f" in the name of {', '.join(owners[:4])}" + (
                f" and {len(owners) - 4} more" if len(owners) > 4 else ""
            )
        known_as, similarity = known.get(str(name), (None, None))
        rows.append(
            {
                "platform": name,
                "score": _score_of(group["score"]),
                "first_seen": group["t"].min(),
                "last_seen": group["t"].max(),
                "campaigns": group["campaign"].nunique(),
                "calls": len(group),
                "called_numbers": group["called"].nunique(),
                "trunks": _distinct(group["trunk_text"]),
                "carriers": _distinct(group["carrier_text"]),
                "fingerprints": _distinct(group["fingerprint_text"]),
                "known_as": known_as,
                "known_similarity": similarity,
                "signals": signals,
                "reason": in_words(signals, opening),
            }
        )
    rows.sort(key=lambda r: (-r["score"] * r["calls"], r["platform"]))
    return _from_rows(rows, schema.PLATFORMS)


def victim_table(calls: pd.DataFrame, tiers: Tiers) -> pa.Table:
    rows = []
    rank = {"likely": 0, "possible": 1, "contacted": 2}
    for called, group in calls.groupby("called_text", sort=True):
        longest = group.sort_values(["talk", "call_id"], ascending=[False, True]).iloc[0]
        tier = tiers.of(float(longest["talk"]))
        owners = _distinct(group["owner_text"])
        spoken = f"{longest['talk'] / 60:.1f} min" if longest["talk"] >= 60 else f"{longest['talk']:.0f} s"
        reason = (
            f"talked {spoken} with platform {longest['platform']}"
            if longest["talk"]
            else f"was called by platform {longest['platform']} and did not answer"
        )
        if owners:
            reason += f"; it posed as {', '.join(owners[:3])}"
        rows.append(
            {
                "called": called,
                "tier": tier,
                "calls": len(group),
                "answered": int(group["answered"].sum()),
                "longest_seconds": float(longest["talk"]),
                "talk_seconds": float(group["talk"].sum()),
                "first_call": group["t"].min(),
                "last_call": group["t"].max(),
                "identities": _distinct(group["caller_text"]),
                "campaign": longest["campaign"],
                "platform": longest["platform"],
                "reason": reason,
            }
        )
    rows.sort(key=lambda r: (rank[r["tier"]], -r["longest_seconds"], r["called"]))
    return _from_rows(rows, schema.VICTIMS)


def source_table(context: Context, calls: pd.DataFrame) -> pa.Table:
    """Trunks and accounts with flagged calls, ranked by what an operator gains from acting on them."""
    rows = []
    for entry, group in calls.groupby("entry", sort=True):
        total = int(context.sizes["entry"].get(entry, len(group)))
        share = len(group) / max(total, len(group))
        signals = _common_signals(group["signals"])
        rows.append(
            {
                "trunk": group["trunk_text"].iloc[0],
                "account": group["account_text"].iloc[0],
                "carrier": group["carrier_text"].iloc[0],
                "calls": max(total, len(group)),
                "flagged_calls": len(group),
                "share": share,
                "score": _score_of(group["score"]) * share**0.5,
                "signals": signals,
                "reason": in_words(signals, f"{len(group)} of {max(total, len(group))} calls are flagged"),
            }
        )
    rows.sort(key=lambda r: (-r["score"], -r["flagged_calls"], r["trunk"] or "", r["account"] or ""))
    return _from_rows(rows, schema.SOURCES)


_WHY = {
    "protected_identity": (
        "the protected number has called steadily from here, so its entry in the register looks stale"
    ),
    "many_owners": "it presents several owners' numbers in the volume and regularity of a call centre",
    "foreign_ingress": (
        "its numbers come from abroad as those of roamers, cloud systems and forwarded calls do"
    ),
    "identity_churn": "it shows many numbers, but they are at home here or little else speaks against it",
    "owner_callback": "people rang their bank afterwards, as the customers of genuine fraud teams do",
    "sim_farm": (
        "many SIM cards call out from one place, as gateways and alarms do, "
        "and nothing else speaks against it"
    ),
}


def considered_table(scores: Scores, context: Context, flagged: set[int], most: int = 200) -> pa.Table:
    """Entries and cells that looked suspicious and were left alone, with why."""
    rows = []
    places = context.sources.drop_duplicates("entry").set_index("entry")
    table = scores.unit_tables["entry"]
    names = [c for c in table.columns if c not in ("n", "log_odds")]
    striking = table[(table["log_odds"] > -7.0) & ~table.index.isin(flagged)].sort_values(
        "log_odds", ascending=False
    )
    for entry, unit in striking.head(most).iterrows():
        signals = [n for n in names if unit[n] > 0.02]
        place = places.loc[entry]
        why = [_WHY[s] for s in signals if s in _WHY][:2] or [
            "its signals are weak and nothing ties it to a platform"
        ]
        rows.append(
            {
                "trunk": place["trunk"] or None,
                "account": place["account"] or None,
                "carrier": place["carrier"] or None,
                "fingerprint": None,
                "calls": int(unit["n"]),
                "score": float(probability(np.array([unit["log_odds"]]))[0]),
                "signals": signals,
                "why": "; ".join(why),
            }
        )
    return _from_rows(rows, schema.CONSIDERED)


def _from_rows(rows: list[dict[str, Any]], wanted: pa.Schema) -> pa.Table:
    columns = []
    for field in wanted:
        values = [row[field.name] for row in rows]
        if pa.types.is_timestamp(field.type):
            columns.append(
                pa.array([None if v is None else int(v) for v in values], pa.int64()).cast(field.type)
            )
        else:
            columns.append(pa.array(values, field.type))
    return pa.Table.from_arrays(columns, schema=wanted)
