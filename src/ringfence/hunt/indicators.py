"""What the screen may act on: accounts, addresses and shapes of a platform, and numbers only in company."""

from __future__ import annotations

import datetime as dt
from typing import Any

import pandas as pd
import pyarrow as pa

from ringfence.hunt.context import Context

#: How long an indicator holds after the platform was last seen.
LIFE_DAYS = 30
#: A unit is named only when at least this share of its calls is the platform's.
OWNED = 0.5


def _moment(microseconds: int) -> dt.datetime:
    return dt.datetime.fromtimestamp(microseconds / 1e6, dt.UTC)


def indicators(
    context: Context, calls: pd.DataFrame, parts: dict[str, list[str]] | None = None
) -> list[dict[str, Any]]:
    """Rows of the contract: kind, value, with, score, platform, reason, from, expires; `two_people` is true
    where two people must agree before it is enforced (a whole trunk). parts: of each shape, so that the
    screen finds near ones."""
    shape_parts = parts or {}
    rows: list[dict[str, Any]] = []
    of_trunk, shown = _trunk_calls(context), _shown(context, calls)
    for platform, group in calls.groupby("platform", sort=True):
        first, last = _moment(int(group["t"].min())), _moment(int(group["t"].max()))
        base = {
            "platform": platform,
            "from": first.isoformat(),
            "expires": (last + dt.timedelta(days=LIFE_DAYS)).isoformat(),
        }

        def owned(kind: str, group: pd.DataFrame = group) -> list[tuple[pd.Series, int, float]]:
            found = []
            for unit, members in group[group[kind] >= 0].groupby(kind, sort=True):
                share = len(members) / max(int(context.sizes[kind].get(unit, 0)), len(members))
                if share >= OWNED:
                    found.append((members.iloc[0], len(members), share))
            return found

        for row, count, share in owned("entry"):
            account, trunk = row["account_text"], row["trunk_text"]
            if not account:  # the whole trunk, also the calls that name an account
                count = int((group["trunk_text"] == trunk).sum())
                share = count / max(int(of_trunk.get(trunk, 0)), count)
                if share < OWNED:
                    continue
            rows.append(
                {
                    "kind": "account" if account else "trunk",
                    "value": account or trunk,
                    "with": {"trunk": trunk} if account and trunk else None,
                    "score": round(share, 4),
                    "reason": f"{count} of its calls ({share:.0%}) are the platform's",
                    "two_people": not account,
                    **base,
                }
            )
        for kind, column, word in (
            ("address", "source_ip", "source"),
            ("shape", "fingerprint", "fingerprint"),
        ):
            rows += [
                {
                    "kind": word,
                    "value": row[f"{column}_text"],
                    "with": None,
                    "score": round(share, 4),
                    "reason": f"{count} calls with it ({share:.0%}) are the platform's",
                    "two_people": False,
                    **_parts(row[f"{column}_text"], shape_parts),
                    **base,
                }
                for row, count, share in owned(kind)
            ]
        # the owner must be able to call: a number counts only on the trunk or in the shape it came with, and
        # where most of its calls are the platform's
        named = group[group["caller_text"].notna()]
        for (number, trunk, shape), members in named.groupby(
            ["caller_text", "trunk_text", "fingerprint_text"], dropna=False
        ):
            company = {k: v for k, v in (("trunk", trunk), ("fingerprint", shape)) if isinstance(v, str)}
            there = shown[shown["caller"] == int(members["caller"].iloc[0])]
            for column, value in company.items():
                there = there[there[column] == value]
            if company and len(members) >= OWNED * there["n"].sum():
                rows.append(
                    {
                        "kind": "number",
                        "value": number,
                        "with": company,
                        "score": round(float(members["score"].mean()), 4),
                        "reason": f"presented in {len(members)} of the platform's calls there",
                        "two_people": False,
                        **base,
                    }
                )
    return rows


def _parts(value: str, shapes: dict[str, list[str]]) -> dict[str, list[str]]:
    return {"parts": shapes[value]} if value in shapes else {}


def _trunk_calls(context: Context) -> pd.Series:
    """Calls per trunk name in all the records."""
    calls = context.sums[["source", "n"]].merge(context.sources[["source", "trunk"]], on="source")
    return calls.groupby("trunk")["n"].sum()


def _shown(context: Context, calls: pd.DataFrame) -> pd.DataFrame:
    """caller, trunk, fingerprint, n: how all the records show the numbers that `calls` present."""
    pairs = context.ground.pairs
    numbers = sorted({int(c) for c in calls["caller"].dropna()})
    wanted = context.engine.upload(pa.table({"shown": pa.array(numbers, pa.int64())}), "flagged_numbers")
    found = pairs.join(wanted, pairs.caller == wanted.shown).select("caller", "source", "n")
    frame = context.engine.collect(found).to_pandas()
    return frame.merge(context.sources[["source", "trunk", "fingerprint"]], on="source")
