"""The pages of a finished hunt: overview, platforms, campaigns, victims, calls, sources and the rest."""

from __future__ import annotations

from typing import Annotated, Any

from litestar import Request, Response, get
from litestar.exceptions import NotFoundException
from litestar.params import QueryParameter

from ringfence.console import charts, signals, words
from ringfence.console.overview import (
    TALK_LABELS,
    Listing,
    calls_by_day,
    calls_by_hour,
    listing,
    overview,
    platform_colours,
    platform_view,
    ranked_platforms,
)
from ringfence.console.report import render_report
from ringfence.model.findings import TIERS
from ringfence.model.rejection import REASONS
from ringfence.serve.downloads import as_columns, download_handlers, refuse_guesses
from ringfence.serve.listing import PAGE_ROWS, Query, given, order, page_number, quoted
from ringfence.serve.pages import HTML, respond
from ringfence.serve.problems import AstrayError, Way
from ringfence.serve.room import NavEntry, Room
from ringfence.store.run import SCHEMAS, Run

#: How many trunks and numbers a filter offers to choose from.
_OFFERED = 200

Web = Request[Any, Any, Any]
Name = Annotated[str, QueryParameter(name="id")]
Text = Annotated[str | None, QueryParameter()]

#: The report brings its script and style inside; its own policy (a meta element) names them by hash.
REPORT_POLICY = (
    "default-src 'none'; style-src 'unsafe-inline'; script-src 'unsafe-inline'; img-src data:; "
    "font-src data:; base-uri 'none'; form-action 'none'; frame-ancestors 'none'"
)


def hunt_room(run: Run, *, show_numbers: bool) -> Room:
    """The room of one run. Every page reads the files anew: a run that is written again is shown anew."""
    summary = run.summary
    counts = summary.counts
    considered = run.rows("considered", limit=0).total

    def colours() -> dict[str, int]:
        return platform_colours(ranked_platforms(run))

    @get("/", sync_to_thread=True)
    def first(request: Web) -> Response[str]:
        seen = overview(run)
        head = words.headline(summary, seen.platforms)
        return respond(
            request, "pages/overview.html", title="Overview", summary=summary, seen=seen, head=head
        )

    def present(path: str, **filters: str | None) -> dict[str, str]:
        """The filters that are set; a value that this hunt does not hold at all is not found."""
        asked = given(path, **filters)
        if not show_numbers:
            refuse_guesses(path, asked, ("called",))
        for name, value in asked.items():
            if not _holds(run, name, value):
                raise AstrayError(404, _absent(name, value), _way(name, path))
        return asked

    def named(kind: str, path: str, name: str) -> str:
        """The name of one platform or campaign that this hunt holds."""
        asked = present(path, **{kind: name})
        if not asked:
            raise AstrayError(400, f"id: the address does not say which {kind}.", _way(kind, path))
        return asked[kind]

    @get("/platforms/one", sync_to_thread=True)
    def platform(request: Web, name: Name = "") -> Response[str]:
        name = named("platform", "/", name)
        ranked = ranked_platforms(run)
        rank, row = next((i, row) for i, row in enumerate(ranked, 1) if row["platform"] == name)
        view = platform_view(run, row, rank, most=100)
        timeline = charts.timeline([charts.Series(view.name, view.colour, view.days)])
        return respond(
            request, "pages/platform.html", title=f"Platform {view.name}", summary=summary, view=view,
            timeline=timeline, talk_labels=TALK_LABELS,
        )  # fmt: skip

    @get("/campaigns", sync_to_thread=True)
    def campaigns(request: Web, page: Text = None, sort: Text = None) -> Response[str]:
        query = _query("campaigns", "/campaigns", {}, sort, "-score", page)
        found = run.rows("campaigns", order=query.order, limit=PAGE_ROWS, offset=query.offset)
        query.within(found.total)
        return respond(
            request, "pages/campaigns.html", title="Campaigns", summary=summary, query=query, campaigns=found,
            total=found.total,
        )  # fmt: skip

    @get("/campaigns/one", sync_to_thread=True)
    def campaign(request: Web, name: Name = "") -> Response[str]:
        row = run.one("campaigns", named("campaign", "/campaigns", name))
        if row is None:
            raise NotFoundException
        where = {"campaign": row["campaign"]}
        colour = colours().get(row["platform"], 0)
        days = calls_by_day(run, **where)
        tiers = run.tiers(**where)
        callers = run.tally(("caller", "owner"), where=where)
        return respond(
            request, "pages/campaign.html", title=f"Campaign {row['campaign']}", summary=summary, row=row,
            colour=colour, timeline=charts.timeline([charts.Series(str(row["campaign"]), colour, days)]),
            hours=calls_by_hour(run, **where),
            tiers={tier: tiers.get(tier, 0) for tier in TIERS},
            trunks=listing(run.tally(("trunk", "account", "carrier"), where=where), 100),
            callers=listing(callers, 100),
            victims=run.rows("victims", where=where, order="-longest_seconds", limit=25), colours=colours(),
        )  # fmt: skip

    @get("/victims", sync_to_thread=True)
    def victims(
        request: Web, page: Text = None, sort: Text = None, tier: Text = None, platform: Text = None,
        campaign: Text = None, called: Text = None,
    ) -> Response[str]:  # fmt: skip
        filters = present("/victims", tier=tier, platform=platform, campaign=campaign, called=called)
        query = _query("victims", "/victims", filters, sort, "-longest_seconds", page)
        found = run.rows("victims", where=filters, order=query.order, limit=PAGE_ROWS, offset=query.offset)
        query.within(found.total)
        return respond(
            request, "pages/victims.html", part="parts/victims_page.html", title="Victims", summary=summary,
            query=query, victims=found, total=found.total, tiers=run.tiers(), colours=colours(),
        )  # fmt: skip

    @get("/calls", sync_to_thread=True)
    def calls(
        request: Web, page: Text = None, sort: Text = None, platform: Text = None, campaign: Text = None,
        signal: Text = None, trunk: Text = None, account: Text = None, caller: Text = None,
        called: Text = None,
    ) -> Response[str]:  # fmt: skip
        filters = present(
            "/calls", platform=platform, campaign=campaign, signal=signal, trunk=trunk, account=account,
            caller=caller, called=called,
        )  # fmt: skip
        query = _query("flagged_calls", "/calls", filters, sort, "-start_time", page)
        found = run.rows(
            "flagged_calls", where=as_columns(filters), order=query.order, limit=PAGE_ROWS,
            offset=query.offset,
        )  # fmt: skip
        query.within(found.total)
        partial = request.headers.get("hx-request") == "true"
        return respond(
            request, "pages/calls.html", part="parts/calls_page.html", title="Flagged calls", summary=summary,
            query=query, calls=found, total=found.total, colours=colours(),
            spoken=list(dict.fromkeys(name for row in found.rows for name in row["signals"] or [])),
            trunks=[] if partial else _offered(run, "trunk"),
            callers=[] if partial else _offered(run, "caller"),
        )  # fmt: skip

    @get("/sources", sync_to_thread=True)
    def sources(request: Web, page: Text = None, sort: Text = None) -> Response[str]:
        query = _query("sources", "/sources", {}, sort, "-score", page)
        found = run.rows("sources", order=query.order, limit=PAGE_ROWS, offset=query.offset)
        query.within(found.total)
        return respond(
            request, "pages/sources.html", title="Sources", query=query, sources=found, total=found.total
        )

    @get("/considered", sync_to_thread=True)
    def left_alone(request: Web, page: Text = None, sort: Text = None) -> Response[str]:
        query = _query("considered", "/considered", {}, sort, "-score", page)
        found = run.rows("considered", order=query.order, limit=PAGE_ROWS, offset=query.offset)
        query.within(found.total)
        return respond(
            request, "pages/considered.html", title="Left alone", query=query, considered=found,
            total=found.total,
        )  # fmt: skip

    @get("/rejected", sync_to_thread=True)
    def rejected(request: Web, page: Text = None, reason: Text = None) -> Response[str]:
        filters = present("/rejected", reason=reason)
        query = _query("rejected", "/rejected", filters, None, "", page)
        found = run.rows("rejected", where=filters, limit=PAGE_ROWS, offset=query.offset)
        query.within(found.total)
        return respond(
            request, "pages/rejected.html", title="Rejected rows", summary=summary, query=query,
            rejected=Listing(found.rows, found.total), total=found.total, with_raw=True,
        )  # fmt: skip

    @get("/method", sync_to_thread=False)
    def method(request: Web) -> Response[str]:
        return respond(request, "pages/method.html", title="Signals and method", summary=summary)

    @get("/report", sync_to_thread=True)
    def report() -> Response[str]:
        text = render_report(run, show_numbers=show_numbers)
        return Response(text, media_type=HTML, headers={"Content-Security-Policy": REPORT_POLICY})

    nav = [
        NavEntry("Overview", "/"),
        NavEntry("Campaigns", "/campaigns", counts.campaigns),
        NavEntry(
            "Victims", "/victims", counts.victims.likely + counts.victims.possible + counts.victims.contacted
        ),
        NavEntry("Flagged calls", "/calls", counts.flagged_calls),
        NavEntry("Sources", "/sources"),
        NavEntry("Left alone", "/considered", considered),
        NavEntry("Rejected rows", "/rejected", summary.rows.rejected),
        NavEntry("Signals and method", "/method"),
        NavEntry("Report and files", "/downloads"),
    ]
    pages = [
        first,
        platform,
        campaigns,
        campaign,
        victims,
        calls,
        sources,
        left_alone,
        rejected,
        method,
        report,
    ]
    return Room(
        name="Hunt",
        nav=nav,
        handlers=[*pages, *download_handlers(run, show_numbers=show_numbers)],
        note=[str(run.path), words.records_period(summary)],
    )


#: Where the values of a filter stand: table and column.
_STANDS = {
    "platform": ("platforms", "platform"),
    "campaign": ("campaigns", "campaign"),
    "trunk": ("flagged_calls", "trunk"),
    "account": ("flagged_calls", "account"),
    "caller": ("flagged_calls", "caller"),
    "called": ("victims", "called"),
}

_ABSENT = {
    "platform": "There is no platform {} in this hunt.",
    "campaign": "There is no campaign {} in this hunt.",
    "signal": "There is no signal {}.",
    "tier": "There is no tier {}: a called number is a likely victim, a possible one, or contacted.",
    "trunk": "No flagged call came over a trunk {}. Names match whole.",
    "account": "No flagged call came from an account {}. Names match whole.",
    "caller": "No flagged call presented the number {}. Numbers match whole, as they are shown.",
    "called": "No flagged call went to the number {}. Numbers match whole, for example +447700900123.",
    "reason": "No row was rejected for the reason {}.",
}


def _holds(run: Run, name: str, value: str) -> bool:
    """Whether a filter's value occurs at all, whatever the other filters say."""
    if name == "signal":
        return signals.known(value) or any(signal.name == value for signal in run.summary.signals)
    if name == "tier":
        return value in TIERS
    if name == "reason":
        return value in REASONS or value in run.summary.rows.by_reason
    table, column = _STANDS[name]
    return run.rows(table, where={column: value}, limit=0).total > 0


def _absent(name: str, value: str) -> str:
    return _ABSENT[name].format(quoted(value))


def _way(name: str, path: str) -> Way:
    if name == "platform":
        return Way("To the platforms", "/#platforms")
    if name == "campaign":
        return Way("To the campaigns", "/campaigns")
    return Way("To the whole list", path)


def _query(
    table: str, path: str, filters: dict[str, str], sort: str | None, usual: str, page: str | None
) -> Query:
    chosen = order(path, sort, SCHEMAS[table].names, usual)
    return Query(path, filters, chosen, page_number(path, page), table)


def _offered(run: Run, column: str) -> list[str]:
    return [str(row[column]) for row in run.tally((column,), limit=_OFFERED) if row[column] is not None]
