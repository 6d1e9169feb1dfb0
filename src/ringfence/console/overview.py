"""What the report and the pages show of a run, gathered once: one value a platform, one for the whole."""

from __future__ import annotations

import datetime as dt
from collections.abc import Mapping, Sequence

import msgspec
from markupsafe import Markup

from ringfence.console import charts, graph
from ringfence.model.findings import TIERS
from ringfence.store.run import Row, Run

#: Lengths of answered calls, in seconds, as the tiers of contact cut them.
TALK_EDGES = (15.0, 60.0, 300.0, 900.0)
TALK_LABELS = ("under 15 s", "15 to 60 s", "1 to 5 min", "5 to 15 min", "15 min or more")

#: A run of millions of flagged calls has more flows than a picture can carry.
_MOST_FLOWS = 20_000


class Listing(msgspec.Struct, frozen=True):
    """The first rows of a longer list, and how many there are in all."""

    rows: list[Row]
    total: int

    @property
    def more(self) -> int:
        return self.total - len(self.rows)


def listing(rows: Sequence[Row], most: int) -> Listing:
    """The first `most` of rows that are all at hand."""
    return Listing(list(rows[:most]), len(rows))


class Talk(msgspec.Struct, frozen=True):
    """Answered calls by length. long_share: of five minutes or more, or None when none was answered."""

    values: list[int]
    long_share: float | None


class PlatformView(msgspec.Struct, frozen=True):
    """One platform with everything that is drawn or listed of it."""

    row: Row
    rank: int
    colour: int
    tiers: dict[str, int]
    days: dict[dt.date, int]
    hours: dict[tuple[int, int], int]
    talk: Talk
    trunks: Listing
    identities: Listing
    owners: Listing
    campaigns: Listing
    answered: int
    talk_seconds: float

    @property
    def name(self) -> str:
        return str(self.row["platform"])


class Overview(msgspec.Struct, frozen=True):
    """The whole run: platforms ranked, and what is drawn over all of them."""

    platforms: list[Row]
    colours: dict[str, int]
    days: dict[str, dict[dt.date, int]]
    span: tuple[dt.date, dt.date] | None
    tiers: dict[str, int]
    owners: Listing
    posed_as: dict[str, list[str]]
    identities: int
    talk: Talk
    timeline: Markup
    network: Markup
    network_brief: Markup


def ranked_platforms(run: Run) -> list[Row]:
    """Most certain first; the order that gives platforms their colours everywhere."""
    rows = run.rows("platforms").rows
    return sorted(rows, key=lambda p: (-(p["score"] or 0), -(p["calls"] or 0), str(p["platform"])))


def platform_colours(platforms: Sequence[Row]) -> dict[str, int]:
    return {str(row["platform"]): rank % charts.COLOURS for rank, row in enumerate(platforms)}


def posed_as(run: Run) -> dict[str, list[str]]:
    """Owners that each platform impersonated, most calls first."""
    found: dict[str, list[str]] = {}
    for row in run.tally(("platform", "owner")):
        if row["owner"] is not None:
            found.setdefault(str(row["platform"]), []).append(str(row["owner"]))
    return found


def overview(run: Run, *, most_owners: int = 40) -> Overview:
    """Everything that the first page and the head of the report show."""
    platforms = ranked_platforms(run)
    colours = platform_colours(platforms)
    days: dict[str, dict[dt.date, int]] = {name: {} for name in colours}
    for row in run.tally(("platform", "day")):
        days.setdefault(str(row["platform"]), {})[row["day"]] = row["calls"]
    owners = [row for row in run.tally(("owner",)) if row["owner"] is not None]
    flows = run.tally(graph.FIELDS, limit=_MOST_FLOWS)
    active = [day for calls in days.values() for day in calls]
    series = [charts.Series(name, colours.get(name, 0), calls) for name, calls in days.items()]
    return Overview(
        platforms=platforms,
        colours=colours,
        days=days,
        span=(min(active), max(active)) if active else None,
        tiers=_all_tiers(run.tiers()),
        owners=listing(owners, most_owners),
        posed_as=posed_as(run),
        identities=sum(row["caller"] is not None for row in run.tally(("caller",))),
        talk=_talk(run),
        timeline=charts.timeline(series),
        network=graph.network(flows, colours),
        network_brief=graph.network(flows, colours, graph.BRIEF),
    )


def platform_view(run: Run, row: Row, rank: int, *, most: int = 25) -> PlatformView:
    """One platform; its lists hold their first `most` rows."""
    name = str(row["platform"])
    where = {"platform": name}
    campaigns = run.rows("campaigns", where=where, order="-calls", limit=most)
    days = run.tally(("day",), where=where)
    return PlatformView(
        row=row,
        rank=rank,
        colour=(rank - 1) % charts.COLOURS,
        tiers=_all_tiers(run.tiers(platform=name)),
        days={r["day"]: r["calls"] for r in days},
        hours=calls_by_hour(run, **where),
        talk=_talk(run, platform=name),
        trunks=listing(run.tally(("trunk", "account", "carrier"), where=where), most),
        identities=listing(run.tally(("caller", "owner"), where=where), most),
        owners=listing([r for r in run.tally(("owner",), where=where) if r["owner"] is not None], most),
        campaigns=Listing(campaigns.rows, campaigns.total),
        answered=sum(r["answered"] for r in days),
        talk_seconds=sum(r["talk_seconds"] for r in days),
    )


def calls_by_day(run: Run, **where: object) -> dict[dt.date, int]:
    """Flagged calls by day (UTC), for example of `campaign="C-1"`."""
    return {row["day"]: row["calls"] for row in run.tally(("day",), where=where)}


def calls_by_hour(run: Run, **where: object) -> dict[tuple[int, int], int]:
    """Flagged calls by weekday (1 Monday to 7) and hour, UTC."""
    return {
        (row["weekday"], row["hour"]): row["calls"] for row in run.tally(("weekday", "hour"), where=where)
    }


def _talk(run: Run, **where: object) -> Talk:
    values = run.talk_bands(TALK_EDGES, **where)
    answered = sum(values)
    return Talk(values, sum(values[3:]) / answered if answered else None)


def _all_tiers(found: Mapping[str, int]) -> dict[str, int]:
    return {tier: found.get(tier, 0) for tier in TIERS}
