"""The pages of a finished hunt: overview, platforms, campaigns, victims, calls, sources and the rest."""

from __future__ import annotations

from typing import Annotated, Any

from litestar import Request, Response, get
from litestar.exceptions import NotFoundException
from litestar.params import QueryParameter

from ringfence.console import charts, words
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
from ringfence.model.findings import FLAGGED_CALLS, TIERS, VICTIMS
from ringfence.serve.downloads import download_handlers
from ringfence.serve.listing import PAGE_ROWS, Query, given
from ringfence.serve.pages import HTML, respond
from ringfence.serve.room import NavEntry, Room
from ringfence.store.run import Run

#: How many trunks and numbers a filter offers to choose from.
_OFFERED = 200

Web = Request[Any, Any, Any]
PageNumber = Annotated[int, QueryParameter(ge=1, le=10_000_000)]
Name = Annotated[str, QueryParameter(name="id", max_length=400)]
Filter = Annotated[str | None, QueryParameter(max_length=400)]

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

    @get("/platforms/one", sync_to_thread=True)
    def platform(request: Web, name: Name) -> Response[str]:
        ranked = ranked_platforms(run)
        for rank, row in enumerate(ranked, 1):
            if row["platform"] == name:
                view = platform_view(run, row, rank, most=100)
                timeline = charts.timeline([charts.Series(name, view.colour, view.days)])
                return respond(
                    request, "pages/platform.html", title=f"Platform {name}", summary=summary, view=view,
                    timeline=timeline, talk_labels=TALK_LABELS,
                )  # fmt: skip
        raise NotFoundException

    @get("/campaigns", sync_to_thread=True)
    def campaigns(request: Web, page: PageNumber = 1, sort: Filter = "-score") -> Response[str]:
        query = Query("/campaigns", {}, sort or "-score", page)
        found = run.rows("campaigns", order=query.order, limit=PAGE_ROWS, offset=query.offset)
        return respond(
            request, "pages/campaigns.html", title="Campaigns", summary=summary, query=query, campaigns=found,
            total=found.total,
        )  # fmt: skip

    @get("/campaigns/one", sync_to_thread=True)
    def campaign(request: Web, name: Name) -> Response[str]:
        row = run.one("campaigns", name)
        if row is None:
            raise NotFoundException
        where = {"campaign": name}
        colour = colours().get(row["platform"], 0)
        days = calls_by_day(run, **where)
        callers = run.tally(("caller", "owner"), where=where)
        return respond(
            request, "pages/campaign.html", title=f"Campaign {name}", summary=summary, row=row, colour=colour,
            timeline=charts.timeline([charts.Series(name, colour, days)]),
            hours=calls_by_hour(run, **where),
            tiers={tier: run.tiers(**where).get(tier, 0) for tier in TIERS},
            trunks=listing(run.tally(("trunk", "account", "carrier"), where=where), 100),
            callers=listing(callers, 100),
            victims=run.rows("victims", where=where, order="-longest_seconds", limit=25), colours=colours(),
        )  # fmt: skip

    @get("/victims", sync_to_thread=True)
    def victims(
        request: Web, page: PageNumber = 1, sort: Filter = "-longest_seconds", tier: Filter = None,
        platform: Filter = None, campaign: Filter = None, called: Filter = None,
    ) -> Response[str]:  # fmt: skip
        filters = given(tier=tier, platform=platform, campaign=campaign, called=called)
        order = _order(sort, VICTIMS.names, "-longest_seconds")
        query = Query("/victims", filters, order, page)
        found = run.rows("victims", where=filters, order=order, limit=PAGE_ROWS, offset=query.offset)
        return respond(
            request, "pages/victims.html", part="parts/victims_page.html", title="Victims", summary=summary,
            query=query, victims=found, total=found.total, tiers=run.tiers(), colours=colours(),
        )  # fmt: skip

    @get("/calls", sync_to_thread=True)
    def calls(
        request: Web, page: PageNumber = 1, sort: Filter = "-start_time", platform: Filter = None,
        campaign: Filter = None, signal: Filter = None, trunk: Filter = None, caller: Filter = None,
        called: Filter = None,
    ) -> Response[str]:  # fmt: skip
        filters = given(
            platform=platform, campaign=campaign, signal=signal, trunk=trunk, caller=caller, called=called
        )
        where = {"signals" if name == "signal" else name: value for name, value in filters.items()}
        order = _order(sort, FLAGGED_CALLS.names, "-start_time")
        query = Query("/calls", filters, order, page)
        found = run.rows("flagged_calls", where=where, order=order, limit=PAGE_ROWS, offset=query.offset)
        partial = request.headers.get("hx-request") == "true"
        return respond(
            request, "pages/calls.html", part="parts/calls_page.html", title="Flagged calls", summary=summary,
            query=query, calls=found, total=found.total, colours=colours(),
            trunks=[] if partial else _offered(run, "trunk"),
            callers=[] if partial else _offered(run, "caller"),
        )  # fmt: skip

    @get("/sources", sync_to_thread=True)
    def sources(request: Web, page: PageNumber = 1, sort: Filter = "-score") -> Response[str]:
        query = Query("/sources", {}, sort or "-score", page)
        found = run.rows("sources", order=query.order, limit=PAGE_ROWS, offset=query.offset)
        return respond(
            request, "pages/sources.html", title="Sources", query=query, sources=found, total=found.total
        )

    @get("/considered", sync_to_thread=True)
    def left_alone(request: Web, page: PageNumber = 1, sort: Filter = "-score") -> Response[str]:
        query = Query("/considered", {}, sort or "-score", page)
        found = run.rows("considered", order=query.order, limit=PAGE_ROWS, offset=query.offset)
        return respond(
            request,
            "pages/considered.html",
            title="Left alone",
            query=query,
            considered=found,
            total=found.total,
        )

    @get("/rejected", sync_to_thread=True)
    def rejected(request: Web, page: PageNumber = 1, reason: Filter = None) -> Response[str]:
        filters = given(reason=reason)
        query = Query("/rejected", filters, "", page)
        found = run.rows("rejected", where=filters, limit=PAGE_ROWS, offset=query.offset)
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


def _order(sort: str | None, columns: list[str], default: str) -> str:
    return sort if sort and sort.removeprefix("-") in columns else default


def _offered(run: Run, column: str) -> list[str]:
    return [str(row[column]) for row in run.tally((column,), limit=_OFFERED) if row[column] is not None]
