"""What the screen may act on: accounts, addresses and shapes of a platform, and numbers only in company."""

from __future__ import annotations

import datetime as dt
from typing import Any

import pandas as pd

from ringfence.hunt.context import Context

#: How long an indicator holds after the platform was last seen.
LIFE_DAYS = 30
#: A unit is named only when at least this share of its calls is the platform's.
OWNED = 0.5


def _moment(microseconds: int) -> dt.datetime:
    return dt.datetime.fromtimestamp(microseconds / 1e6, dt.UTC)


def indicators(context: Context, calls: pd.DataFrame) -> list[dict[str, Any]]:
    """Rows of the contract: kind, value, with, score, platform, reason, from, expires; `two_people` is true
    where two people must agree before it is enforced (a whole trunk)."""
    rows: list[dict[str, Any]] = []
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
                    **base,
                }
                for row, count, share in owned(kind)
            ]
        # the owner must be able to call: a number counts only on the trunk or in the shape it came with
        named = group[group["caller_text"].notna()]
        for (number, trunk, shape), members in named.groupby(
            ["caller_text", "trunk_text", "fingerprint_text"], dropna=False
        ):
            company = {k: v for k, v in (("trunk", trunk), ("fingerprint", shape)) if isinstance(v, str)}
            at_home = members[members["at_home"].astype(bool)]
            # on its home trunk, where most of its calls are not the platform's, it would hit the owner
            hits_owner = "fingerprint" not in company and bool(
                len(at_home) and len(at_home) < OWNED * at_home["home_top"].max()
            )
            if company and not hits_owner:
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
