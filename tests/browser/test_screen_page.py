"""The screen's page in a real browser: calls appear as they fall, and nothing of theirs is run."""

from __future__ import annotations

import time
from pathlib import Path

import pytest
from tests.browser.test_pages import Visit, browser  # noqa: F401
from tests.cli import test_screen
from tests.cli.test_screen import running
from tests.serve.screens import BANK, PERSON, VICTIM

pytestmark = pytest.mark.browser


def wait(page, holds: str) -> None:  # type: ignore[no-untyped-def]
    """Until an expression is true; not wait_for_function, which the page's policy refuses."""
    end = time.monotonic() + 60
    while not page.evaluate(holds):
        assert time.monotonic() < end, holds
        page.wait_for_timeout(50)


@pytest.mark.parametrize(("scheme", "width"), [("light", 1440), ("dark", 420)])
def test_calls_appear(browser, tmp_path: Path, scheme: str, width: int) -> None:  # type: ignore[no-untyped-def]  # noqa: F811
    evil = '"><img src=x onerror="window.stolen=1"><script>window.stolen=1</script>'
    with running(tmp_path, 1) as live:
        visit = Visit(browser, scheme, width)
        page = visit.page
        page.goto(f"http://127.0.0.1:{live.http}/")
        wait(page, "document.getElementById('live-state').textContent === 'Connected'")
        for caller in (BANK, PERSON):
            live.get("/v1/screen", {"caller": caller, "called": PERSON, "trunk": evil})
        wait(page, "document.querySelectorAll('#live tr').length === 2")
        first = page.locator("#live tr").nth(1).inner_text()
        assert "block" in first and "do not originate" in first and evil in first and BANK not in first
        wait(page, "document.querySelector('.figure.likely .big').textContent === '1'")
        assert evil in page.locator("section[aria-labelledby=trunks-title]").inner_text()
        over = "document.documentElement.scrollWidth > document.documentElement.clientWidth"
        assert not page.evaluate(over)
        axe = pytest.importorskip("axe_playwright_python.sync_playwright").Axe()
        found = axe.run(page).response["violations"]
        assert [v["id"] for v in found] == []
        visit.check()
        for i in range(230):
            live.get("/v1/screen", {"caller": PERSON, "called": PERSON, "call_id": str(i)})
        wait(page, "document.querySelectorAll('#live tr').length === 200")
        page.close()


def test_a_restart_is_found_and_figures_stay_put(browser, tmp_path: Path, monkeypatch) -> None:  # type: ignore[no-untyped-def]  # noqa: F811
    """A new process on the same port is found again; a refresh takes away neither place, focus nor mark."""
    ports = [test_screen.free_port() for _ in range(2)] * 2
    monkeypatch.setattr(test_screen, "free_port", lambda: ports.pop(0))
    trunk = "T\u202eX" + "x" * 24
    call = {"caller": BANK, "called": VICTIM, "trunk": trunk}
    connected = "document.getElementById('live-state').textContent === 'Connected'"
    seen = "document.querySelector('.figure.likely .big').textContent"
    visit = Visit(browser, width=330)
    page = visit.page
    with running(tmp_path, 1) as live:
        page.goto(f"http://127.0.0.1:{live.http}/")
        wait(page, connected)
        live.get("/v1/screen", call)
        wait(page, f"document.querySelectorAll('#live tr').length === 1 && {seen} === '1'")
        assert "T\ufffdX" in page.locator("#live").inner_text()
        place = "[document.activeElement.getAttribute('aria-label'), document.activeElement.scrollLeft > 0]"
        page.locator("[aria-label=Rules]").evaluate("box => { box.focus(); box.scrollLeft = 60; }")
        assert page.evaluate(place) == ["Rules", True]
        live.get("/v1/screen", call)
        wait(page, f"{seen} === '2'")
        assert page.evaluate(place) == ["Rules", True]
        page.evaluate("getSelection().selectAllChildren(document.getElementById('rules-title'))")
        live.get("/v1/screen", call)
        page.wait_for_timeout(4000)
        assert page.evaluate("String(getSelection())") == "Rules" and page.evaluate(seen) == "2"
        page.evaluate("getSelection().removeAllRanges()")
        wait(page, f"{seen} === '3'")
        visit.check()
    wait(page, "document.getElementById('live-state').textContent.startsWith('Away')")
    with running(tmp_path, 1) as live:
        wait(page, connected)
        live.get("/v1/screen", call)
        wait(page, f"document.querySelectorAll('#live tr').length === 4 && {seen} === '1'")
    page.close()


def test_a_feed_that_was_refused_is_asked_for_again(browser, tmp_path: Path) -> None:  # type: ignore[no-untyped-def]  # noqa: F811
    """A browser gives up where the answer is an error, as of a proxy while the screen is away."""
    with running(tmp_path, 1) as live:
        page = Visit(browser).page
        page.route("**/v1/live", lambda route: route.fulfill(status=503), times=1)
        page.goto(f"http://127.0.0.1:{live.http}/")
        wait(page, "document.getElementById('live-state').textContent.startsWith('Away')")
        wait(page, "document.getElementById('live-state').textContent === 'Connected'")
        page.close()
