"""Builds the directory of a finished hunt, in drama numbers, for tests of report, terminal and page.

python -m tests.console.example_run DIR
"""

from __future__ import annotations

import datetime as dt
import json
import sys
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq

from ringfence.model import findings
from ringfence.model.record import REJECTED

HOSTILE = "<script>window.stolen=1</script>"
BIDI = "gpj.\u202eEXE\x1b[31m"

_FIRST = dt.datetime(2026, 10, 5, 8, 0, tzinfo=dt.UTC)
_AREAS = ("207946", "113496", "114496", "115496", "116496", "117496", "118496", "121496", "131496", "141496")

OWNERS = {
    "+442079460101": "Northern Example Bank",
    "+442079460102": "Northern Example Bank",
    "+442079460117": "Example Card Services",
    "+441134960144": "Example Building Society",
    "+441214960160": "Example Telecom",
    "+441414960175": "Example Police",
}


def _person(index: int) -> str:
    """A called number: drama mobiles first, then drama landlines."""
    if index < 1000:
        return f"+447700900{index:03}"
    return f"+44{_AREAS[(index - 1000) // 1000 % len(_AREAS)]}0{index % 1000:03}"


def _campaign(
    name: str, platform: str, trunks: list[str], identities: list[str], **more: Any
) -> dict[str, Any]:
    return {"campaign": name, "platform": platform, "trunks": trunks, "identities": identities, **more}


CAMPAIGNS = [
    _campaign("P-7f3a/1", "P-7f3a", ["TG-EASTBRIDGE-04"], list(OWNERS)[:3], days=(0, 14), weight=0.34),
    _campaign(
        "P-7f3a/2",
        "P-7f3a",
        ["TG-EASTBRIDGE-04", "TG-HALCYON-11"],
        list(OWNERS)[:2],
        days=(1, 9),
        weight=0.22,
    ),
    _campaign(
        "P-7f3a/3",
        "P-7f3a",
        ["TG-HALCYON-11"],
        [*list(OWNERS)[3:5], "+447700900990"],
        days=(3, 14),
        weight=0.13,
    ),
    _campaign("P-21bc/1", "P-21bc", ["TG-MERIDIAN-02"], list(OWNERS)[2:6], days=(2, 12), weight=0.16),
    _campaign(
        "P-21bc/2", "P-21bc", ["TG-MERIDIAN-02", HOSTILE], ["+442079460102"], days=(6, 14), weight=0.08
    ),
    _campaign(
        "P-c904/1",
        "P-c904",
        ["TG-MOBILE-GW-7"],
        [f"+4477009009{i:02}" for i in range(60, 72)],
        days=(5, 14),
        weight=0.07,
    ),
]

CARRIERS = {
    "TG-EASTBRIDGE-04": "Eastbridge Transit",
    "TG-HALCYON-11": "Halcyon Wholesale",
    "TG-MERIDIAN-02": "Meridian Voice",
    HOSTILE: BIDI,
    "TG-MOBILE-GW-7": "Example Mobile",
}

SIGNALS = {
    "P-7f3a": [
        "protected_identity",
        "many_owners",
        "rare_fingerprint",
        "owner_switch",
        "long_tail",
        "owner_callback",
    ],
    "P-21bc": ["protected_identity", "rare_fingerprint", "foreign_ingress", "human_pacing"],
    "P-c904": ["identity_churn", "redial_chain", "over_capacity"],
}

REASONS = {
    "P-7f3a": "presents 4 unrelated protected owners that never call out, in one INVITE shape seen nowhere "
    "else; 311 people were called under two owners within 48 hours",
    "P-21bc": "national bank numbers over international ingress in a shape seen on two trunks only",
    "P-c904": "twelve mobile numbers on one gateway, up to nine calls at once on one line",
}

SCORES = {"P-7f3a": 0.993, "P-21bc": 0.931, "P-c904": 0.72}
SHAPES = {"P-7f3a": "a4f09be2c17d5530", "P-21bc": "77e1d0c4129ab6fe", "P-c904": "0b92dd6f3381c05a"}


def _calls(total: int, seed: int) -> list[dict[str, Any]]:
    rng = np.random.default_rng(seed)
    rows: list[dict[str, Any]] = []
    for order, campaign in enumerate(CAMPAIGNS):
        first, last = campaign["days"]
        platform = campaign["platform"]
        for _ in range(int(total * campaign["weight"])):
            day = int(rng.integers(first, last))
            if (day % 7) >= 5 and rng.random() < 0.85:
                day -= 3
            minute = float(np.clip(rng.normal(240 + 40 * order, 130), 0, 600))
            start = _FIRST + dt.timedelta(days=day, minutes=minute, microseconds=int(rng.integers(1_000_000)))
            answered = rng.random() < 0.55
            talk = float(rng.exponential(45) if rng.random() < 0.75 else rng.lognormal(6.2, 0.6))
            caller = str(rng.choice(campaign["identities"]))
            trunk = str(rng.choice(campaign["trunks"]))
            rows.append(
                {
                    "call_id": f"fx-{order}-{len(rows):06}",
                    "score": float(np.clip(SCORES[platform] - rng.exponential(0.02), 0.5, 1)),
                    "platform": platform,
                    "campaign": campaign["campaign"],
                    "signals": [s for s in SIGNALS[platform] if rng.random() < 0.8] or SIGNALS[platform][:1],
                    "reason": REASONS[platform],
                    "start_time": start,
                    "talk_seconds": round(talk, 1) if answered else None,
                    "caller": caller,
                    "called": _person(order * 700 + int(rng.integers(0, 700))),
                    "trunk": trunk,
                    "account": f"acct-{order + 1:02}",
                    "carrier": CARRIERS[trunk],
                    "fingerprint": SHAPES[platform],
                    "source_ip": f"192.0.2.{10 + order}",
                    "owner": OWNERS.get(caller),
                }
            )
    return rows


def _distinct(rows: list[dict[str, Any]], column: str) -> list[str]:
    return sorted({row[column] for row in rows if row[column] is not None})


def _group(rows: list[dict[str, Any]], *columns: str) -> dict[tuple[Any, ...], list[dict[str, Any]]]:
    groups: dict[tuple[Any, ...], list[dict[str, Any]]] = {}
    for row in rows:
        groups.setdefault(tuple(row[c] for c in columns), []).append(row)
    return groups


def _talk(rows: list[dict[str, Any]]) -> list[float]:
    return [row["talk_seconds"] for row in rows if row["talk_seconds"] is not None]


def _campaign_row(name: str, rows: list[dict[str, Any]]) -> dict[str, Any]:
    platform = rows[0]["platform"]
    return {
        "campaign": name,
        "platform": platform,
        "score": SCORES[platform] - 0.01,
        "first_seen": min(r["start_time"] for r in rows),
        "last_seen": max(r["start_time"] for r in rows),
        "calls": len(rows),
        "answered": len(_talk(rows)),
        "talk_seconds": sum(_talk(rows)),
        "called_numbers": len(_distinct(rows, "called")),
        "identities": _distinct(rows, "caller"),
        "owners": _distinct(rows, "owner"),
        "trunks": _distinct(rows, "trunk"),
        "fingerprints": _distinct(rows, "fingerprint"),
        "signals": SIGNALS[platform],
        "reason": f"one account and one lead list called in order; {REASONS[platform]}",
    }


def _platform_row(name: str, rows: list[dict[str, Any]]) -> dict[str, Any]:
    return {
        "platform": name,
        "score": SCORES[name],
        "first_seen": min(r["start_time"] for r in rows),
        "last_seen": max(r["start_time"] for r in rows),
        "campaigns": len(_distinct(rows, "campaign")),
        "calls": len(rows),
        "called_numbers": len(_distinct(rows, "called")),
        "trunks": _distinct(rows, "trunk"),
        "carriers": _distinct(rows, "carrier"),
        "fingerprints": _distinct(rows, "fingerprint"),
        "known_as": "K-2025-03" if name == "P-21bc" else None,
        "known_similarity": 0.94 if name == "P-21bc" else None,
        "signals": SIGNALS[name],
        "reason": REASONS[name],
    }


def _victim_row(called: str, rows: list[dict[str, Any]]) -> dict[str, Any]:
    talk = _talk(rows)
    longest = max(talk, default=0.0)
    tier = "likely" if longest >= 300 else "possible" if longest >= 60 else "contacted"
    best = max(rows, key=lambda r: (r["talk_seconds"] or 0, r["call_id"]))
    return {
        "called": called,
        "tier": tier,
        "calls": len(rows),
        "answered": len(talk),
        "longest_seconds": longest,
        "talk_seconds": sum(talk),
        "first_call": min(r["start_time"] for r in rows),
        "last_call": max(r["start_time"] for r in rows),
        "identities": _distinct(rows, "caller"),
        "campaign": best["campaign"],
        "platform": best["platform"],
        "reason": f"longest call {longest:.0f} s; called under {len(_distinct(rows, 'caller'))} numbers",
    }


_CONSIDERED = [
    ("TG-CONTACT-01", "acct-21", "Example Contact Centres", 48_211, 0.21, ["many_owners", "human_pacing"],
     "an outsourced contact centre: each sub-account keeps to one owner, people ring owners back as usual"),
    ("TG-NEB-FRAUD", None, "Northern Example Bank", 9_412, 0.17, ["protected_identity", "owner_callback"],
     "the bank's own fraud team: listed as inbound-only, but the calls come from the bank's own trunk"),
    ("TG-CPAAS-03", "acct-88", "Example Messaging", 130_402, 0.08, ["identity_churn"],
     "a messaging platform: many numbers, none protected, no talk over five minutes"),
    ("TG-ROAM-IN", None, "Example Roaming Hub", 22_780, 0.05, ["foreign_ingress"],
     "roaming confirmed by the home network for 99 % of these calls"),
]  # fmt: skip


def _considered_rows() -> list[dict[str, Any]]:
    names = ("trunk", "account", "carrier", "calls", "score", "signals", "why")
    return [{**dict(zip(names, row, strict=True)), "fingerprint": None} for row in _CONSIDERED]


def _source_rows(rows: list[dict[str, Any]]) -> list[dict[str, Any]]:
    found = [
        {
            "trunk": trunk, "account": account, "carrier": carrier, "calls": int(len(group) * 1.4),
            "flagged_calls": len(group), "share": len(group) / int(len(group) * 1.4),
            "score": SCORES[group[0]["platform"]], "signals": SIGNALS[group[0]["platform"]],
            "reason": REASONS[group[0]["platform"]],
        }
        for (trunk, account, carrier), group in _group(rows, "trunk", "account", "carrier").items()
    ]  # fmt: skip
    return sorted(found, key=lambda r: (-r["score"], -r["flagged_calls"]))


_REJECTED = [
    ("calls/2026-10-07.csv", 10_433, "no_called_number", "the called number is empty", "fx,2026-10-07,,"),
    (
        "calls/2026-10-07.csv",
        20_871,
        "bad_time",
        "start_time '07/13/2026' is no time",
        "fx,07/13/2026,+442079460991",
    ),
    ("calls/2026-10-09.csv", 77, "bad_number", f"caller {HOSTILE} is no number", HOSTILE),
]


def _summary(rows: list[dict[str, Any]], victims: list[dict[str, Any]]) -> dict[str, Any]:
    tiers = {tier: sum(v["tier"] == tier for v in victims) for tier in findings.TIERS}
    spoke = {
        name: sum(name in r["signals"] for r in rows)
        for name in sorted({s for r in rows for s in r["signals"]})
    }
    signals = [{"name": n, "status": "spoke", "why": "", "calls": c} for n, c in spoke.items()]
    signals += [
        {"name": "weak_attestation", "status": "silent", "why": "no source stood out", "calls": 0},
        {
            "name": "undeclared",
            "status": "stood_aside",
            "why": "no call log of an owner was given (--declared)",
            "calls": 0,
        },
        {
            "name": "near_report",
            "status": "stood_aside",
            "why": "no reports were given (--reports)",
            "calls": 0,
        },
        {
            "name": "never_originates",
            "status": "stood_aside",
            "why": "fewer than 30 days of records",
            "calls": 0,
        },
    ]
    return {
        "version": "0.1.0",
        "settings_digest": "9f6c1e0b7d42",
        "region": "GB",
        "engine": "duckdb",
        "inputs": ["calls/2026-10-05.csv", "calls/2026-10-06.csv", "… 12 more"],
        "rows": {"read": 1_300_214, "accepted": 1_300_211, "rejected": 3,
                 "by_reason": {r[2]: 1 for r in _REJECTED}},
        "notes": {"caller_withheld": 10_418},
        "period": {"first": "2026-10-05T08:00:00Z", "last": "2026-10-18T18:00:00Z"},
        "counts": {"flagged_calls": len(rows), "campaigns": len(_distinct(rows, "campaign")),
                   "platforms": len(_distinct(rows, "platform")), "victims": tiers},
        "signals": signals,
        "seconds": {"ingest": 4.1, "aggregates": 1.2, "detectors": 3.4, "linking": 0.8, "total": 9.7},
        "limits": ["Records hold no attestation for 38 % of calls.",
                   "The records cover one network: calls that never crossed it are not seen."],
        "calibration": "On simulated networks held out of tuning; never measured on real spoofing, of "
                       "which no records are public.",
        "simulated": True,
        "tiers": {"likely": "five minutes of talk or more", "possible": "one minute of talk or more",
                  "contacted": "called, but talked less than a minute"},
    }  # fmt: skip


def build_run(out: Path, *, calls: int = 3000, seed: int = 7) -> Path:
    """A hunt that found three services; one trunk, one carrier and one rejected row carry hostile strings."""
    out.mkdir(parents=True, exist_ok=True)
    rows = _calls(calls, seed)
    campaigns = [_campaign_row(name, group) for (name,), group in _group(rows, "campaign").items()]
    platforms = [_platform_row(name, group) for (name,), group in _group(rows, "platform").items()]
    victims = [_victim_row(called, group) for (called,), group in _group(rows, "called").items()]
    _write(out, findings.FLAGGED_CALLS, "flagged_calls", rows)
    _write(out, findings.CAMPAIGNS, "campaigns", campaigns)
    _write(out, findings.PLATFORMS, "platforms", platforms)
    _write(out, findings.VICTIMS, "victims", victims)
    _write(out, findings.SOURCES, "sources", _source_rows(rows))
    _write(out, findings.CONSIDERED, "considered", _considered_rows())
    names = REJECTED.names
    _write(out, REJECTED, "rejected", [dict(zip(names, row, strict=True)) for row in _REJECTED])
    (out / "summary.json").write_text(json.dumps(_summary(rows, victims)), encoding="utf-8")
    return out


def build_quiet_run(out: Path) -> Path:
    """A hunt that found nothing."""
    build_run(out, calls=20)
    summary = json.loads((out / "summary.json").read_text("utf-8"))
    none = {"flagged_calls": 0, "campaigns": 0, "platforms": 0, "victims": dict.fromkeys(findings.TIERS, 0)}
    signals = [
        {**s, "status": "silent" if s["status"] == "spoke" else s["status"], "calls": 0}
        for s in summary["signals"]
    ]
    for name, schema in (
        ("flagged_calls", findings.FLAGGED_CALLS),
        ("campaigns", findings.CAMPAIGNS),
        ("platforms", findings.PLATFORMS),
        ("victims", findings.VICTIMS),
        ("sources", findings.SOURCES),
    ):
        _write(out, schema, name, [])
    (out / "summary.json").write_text(
        json.dumps({**summary, "counts": none, "signals": signals}), encoding="utf-8"
    )
    return out


def _write(out: Path, schema: pa.Schema, name: str, rows: list[dict[str, Any]]) -> None:
    pq.write_table(pa.Table.from_pylist(rows, schema=schema), out / f"{name}.parquet")


if __name__ == "__main__":
    print(build_run(Path(sys.argv[1])))
