"""Pages and report in a real browser: they draw, stay quiet, ask nobody else, and can be used by all."""

from __future__ import annotations

import shutil
import threading
from collections.abc import Iterator
from pathlib import Path

import pytest
import uvicorn

from ringfence.console.report import write_report
from ringfence.serve.app import create_app
from ringfence.serve.server import bind

pytestmark = pytest.mark.browser

CHROMIUM = shutil.which("chromium") or shutil.which("google-chrome")

PAGES = (
    "/", "/platforms/one?id=P-7f3a", "/campaigns", "/campaigns/one?id=P-21bc/2", "/victims?tier=likely",
    "/calls", "/sources", "/considered", "/rejected", "/method", "/downloads", "/report",
)  # fmt: skip


@pytest.fixture(scope="module")
def browser() -> Iterator[object]:
    sync_api = pytest.importorskip(
        "playwright.sync_api", reason="no playwright: pip install 'ringfence[dev]'"
    )
    if CHROMIUM is None:
        pytest.skip("no Chromium on the path: apt-get install chromium")
    with sync_api.sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=CHROMIUM, args=["--no-sandbox"])
        yield browser
        browser.close()


@pytest.fixture(scope="module")
def address(found_run: Path) -> Iterator[str]:
    """The application on a free port, in a thread of this process."""
    listener = bind(18_660)
    server = uvicorn.Server(uvicorn.Config(create_app(found_run), log_config=None, lifespan="off"))
    thread = threading.Thread(target=server.run, kwargs={"sockets": [listener]}, daemon=True)
    thread.start()
    yield f"http://127.0.0.1:{listener.getsockname()[1]}"
    server.should_exit = True
    thread.join(timeout=10)


class Visit:
    """One tab that remembers what went wrong in it."""

    def __init__(self, browser, scheme: str = "light", width: int = 1440) -> None:  # type: ignore[no-untyped-def]
        self.page = browser.new_page(viewport={"width": width, "height": 900}, color_scheme=scheme)
        self.complaints: list[str] = []
        self.foreign: list[str] = []
        self.page.on("console", lambda message: self.complaints.append(f"{message.type}: {message.text}"))
        self.page.on("pageerror", lambda error: self.complaints.append(str(error)))
        self.page.on("request", lambda request: self._note(request.url))

    def _note(self, url: str) -> None:
        if not url.startswith(("http://127.0.0.1:", "data:", "file:")):
            self.foreign.append(url)

    def check(self) -> None:
        assert self.complaints == []
        assert self.foreign == []
        assert not self.page.evaluate("'stolen' in window")

    def faults(self) -> list[str]:
        """What axe-core finds that keeps people out."""
        from axe_playwright_python.sync_playwright import Axe

        found = Axe().run(self.page).response["violations"]
        return [
            f"{v['id']}: {v['nodes'][0]['html'][:200]}"
            for v in found
            if v["impact"] in ("serious", "critical")
        ]

    def overflows(self) -> bool:
        return bool(self.page.evaluate("document.documentElement.scrollWidth > innerWidth"))


@pytest.mark.parametrize("scheme", ["light", "dark"])
@pytest.mark.parametrize("path", PAGES)
def test_a_page(browser, address: str, path: str, scheme: str) -> None:  # type: ignore[no-untyped-def]
    visit = Visit(browser, scheme)
    visit.page.goto(address + path)
    assert visit.page.locator("h1").count() == 1
    assert visit.page.evaluate("document.fonts.ready.then(() => document.fonts.check('16px Inter'))")
    visit.check()
    assert visit.faults() == []
    assert not visit.overflows()
    visit.page.close()


@pytest.mark.parametrize("path", ["/", "/calls", "/report"])
def test_a_narrow_screen_scrolls_only_inside_tables(browser, address: str, path: str) -> None:  # type: ignore[no-untyped-def]
    visit = Visit(browser, width=400)
    visit.page.goto(address + path)
    assert not visit.overflows()
    visit.check()
    visit.page.close()


@pytest.mark.parametrize("path", PAGES)
@pytest.mark.parametrize("width", [800, 1000, 1400])
def test_what_does_not_fit_says_so(browser, address: str, path: str, width: int) -> None:  # type: ignore[no-untyped-def]
    """Tables scroll inside their own box, with a cue in words while they do; the picture keeps its labels."""
    visit = Visit(browser, width=width)
    page = visit.page
    page.goto(address + path)
    page.wait_for_function("document.readyState === 'complete'")
    page.evaluate("new Promise((done) => requestAnimationFrame(() => requestAnimationFrame(done)))")
    assert not visit.overflows()
    boxes = page.evaluate(
        """[...document.querySelectorAll(".scroller")].map((box) => ({
            label: box.getAttribute("aria-label"),
            wider: box.scrollWidth > box.clientWidth + 1,
            cue: !box.previousElementSibling.hidden,
            scrolls: getComputedStyle(box).overflowX === "auto",
        }))"""
    )
    assert all(box["wider"] == box["cue"] and box["scrolls"] for box in boxes), boxes
    cut = page.evaluate(
        """[...document.querySelectorAll("svg.network text")].filter((label) => label.checkVisibility() &&
            label.getBoundingClientRect().right > label.closest("figure").getBoundingClientRect().right + 1
        ).map((label) => label.textContent)"""
    )
    assert cut == []
    small = page.evaluate(
        """[...document.querySelectorAll("svg.network text, svg.timeline text")].filter((label) =>
            label.checkVisibility() && label.getBoundingClientRect().height < 11).length"""
    )
    assert small == 0
    visit.check()
    page.close()


def test_lists_fit_a_usual_window(browser, address: str) -> None:  # type: ignore[no-untyped-def]
    """The example run has a trunk of hostile length, so calls and sources may be wider; the others fit."""
    for path in ("/victims", "/campaigns", "/considered", "/method", "/downloads"):
        visit = Visit(browser, width=1400)
        visit.page.goto(address + path)
        wide = visit.page.evaluate(
            "[...document.querySelectorAll('.scroller')].filter(b => b.scrollWidth > b.clientWidth).length"
        )
        assert wide == 0, path
        visit.page.close()


def test_the_first_column_stays_in_sight(browser, address: str) -> None:  # type: ignore[no-untyped-def]
    visit = Visit(browser, width=800)
    page = visit.page
    page.goto(address + "/calls")
    page.locator(".scroller").evaluate("box => { box.scrollLeft = 9999; }")
    box, first = page.locator(".scroller").bounding_box(), page.locator("tbody th").first.bounding_box()
    assert abs(first["x"] - box["x"]) < 2
    visit.check()
    page.close()


def test_a_filter_that_matches_nothing_says_so_in_the_list(browser, address: str) -> None:  # type: ignore[no-untyped-def]
    visit = Visit(browser)
    page = visit.page
    page.goto(address + "/calls")
    page.get_by_label("Trunk").fill("TG-NOPE")
    page.get_by_label("Trunk").press("Enter")
    page.get_by_text("No flagged call came over a trunk “TG-NOPE”").wait_for()
    page.get_by_role("link", name="To the whole list").click()
    page.locator("tbody tr").first.wait_for()
    assert page.url == address + "/calls"
    assert visit.foreign == []
    page.close()


def test_trunk_names_can_be_copied(browser, address: str) -> None:  # type: ignore[no-untyped-def]
    visit = Visit(browser)
    page = visit.page
    page.context.grant_permissions(["clipboard-read", "clipboard-write"])
    page.goto(address + "/platforms/one?id=P-c904")
    page.get_by_role("button", name="Copy trunk names").click()
    page.get_by_role("button", name="Copied").wait_for()
    assert "TG-MOBILE-GW-7" in page.evaluate("navigator.clipboard.readText()").splitlines()
    visit.check()
    page.close()


def test_pages_say_all_without_a_script(browser, address: str) -> None:  # type: ignore[no-untyped-def]
    context = browser.new_context(java_script_enabled=False)
    page = context.new_page()
    page.goto(address + "/calls")
    page.get_by_label("Platform").select_option("P-c904")
    page.get_by_role("button", name="Show").click()
    assert "platform=P-c904" in page.url
    assert page.locator("tbody tr").count() > 10
    assert page.get_by_role("button", name="Copy").count() == 0
    context.close()


def test_where_the_keyboard_is_can_be_seen(browser, address: str) -> None:  # type: ignore[no-untyped-def]
    visit = Visit(browser)
    page = visit.page
    page.goto(address + "/calls")
    for _ in range(30):
        page.keyboard.press("Tab")
        seen = page.evaluate(
            "(({ outlineStyle, outlineWidth }) => outlineStyle !== 'none' && parseFloat(outlineWidth) >= 1)"
            "(getComputedStyle(document.activeElement))"
        )
        assert seen, page.evaluate("document.activeElement.outerHTML.slice(0, 120)")
    page.close()


def test_filters_replace_the_list_without_a_new_page(browser, address: str) -> None:  # type: ignore[no-untyped-def]
    visit = Visit(browser)
    page = visit.page
    page.goto(address + "/calls")
    page.evaluate("window.sameDocument = true")
    with page.expect_response(lambda r: "platform=P-c904" in r.url):
        page.get_by_label("Platform").select_option("P-c904")
    page.wait_for_function("!document.querySelector('#results').textContent.includes('P-7f3a')")
    assert page.evaluate("window.sameDocument")
    assert "platform=P-c904" in page.url
    page.get_by_role("link", name="Talk").click()
    page.wait_for_url("**sort=-talk_seconds**")
    assert "platform=P-c904" in page.url
    assert page.locator("th[aria-sort=descending]").inner_text().startswith("Talk")
    visit.check()
    page.close()


def test_from_the_overview_to_a_campaign_by_links_alone(browser, address: str) -> None:  # type: ignore[no-untyped-def]
    visit = Visit(browser)
    page = visit.page
    page.goto(address)
    page.get_by_role("link", name="P-21bc", exact=True).first.click()
    page.get_by_role("link", name="P-21bc/1").click()
    assert page.locator("h1").inner_text().strip() == "P-21bc/1"
    page.get_by_role("link", name="Its flagged calls").click()
    assert page.locator("tbody tr").count() > 10
    visit.check()
    page.close()


def test_pointing_at_the_network_lights_its_flows(browser, address: str) -> None:  # type: ignore[no-untyped-def]
    visit = Visit(browser)
    page = visit.page
    page.goto(address)
    page.locator("svg.network.full .node", has_text="TG-MOBILE-GW-7").hover()
    assert page.locator("svg.network.tracing").count() == 1
    lit = page.locator("svg.network .node.lit text").all_text_contents()
    assert "P-c904" in lit
    assert "P-7f3a" not in lit
    assert page.locator("#tip").inner_text().startswith("TG-MOBILE-GW-7: ")
    visit.check()
    page.close()


def test_the_theme_can_be_turned(browser, address: str) -> None:  # type: ignore[no-untyped-def]
    visit = Visit(browser)
    visit.page.goto(address)
    ground = "getComputedStyle(document.body).backgroundColor"
    before = visit.page.evaluate(ground)
    visit.page.get_by_role("button", name="Light or dark").click()
    assert visit.page.evaluate(ground) != before
    visit.page.reload()
    assert visit.page.evaluate(ground) != before
    visit.check()
    visit.page.close()


@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_the_report_as_a_file(browser, found_run: Path, quiet_run: Path, tmp_path: Path, scheme: str) -> None:  # type: ignore[no-untyped-def]
    for run in (found_run, quiet_run):
        out = write_report(run, tmp_path / "report.html")
        visit = Visit(browser, scheme)
        visit.page.goto(out.as_uri())
        visit.check()
        assert visit.faults() == []
        assert not visit.overflows()
        visit.page.close()


def test_the_report_prints(browser, found_run: Path, tmp_path: Path) -> None:  # type: ignore[no-untyped-def]
    visit = Visit(browser)
    visit.page.goto(write_report(found_run, tmp_path / "report.html").as_uri())
    assert visit.page.pdf(prefer_css_page_size=True).startswith(b"%PDF")
    visit.page.emulate_media(media="print", color_scheme="dark")
    assert visit.page.evaluate("getComputedStyle(document.body).backgroundColor") == "rgb(255, 255, 255)"
    visit.page.close()
