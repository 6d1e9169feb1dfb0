from __future__ import annotations

import re
from itertools import pairwise
from pathlib import Path
from urllib.parse import quote

import pytest
from litestar.testing import TestClient
from tests.console.example_run import HOSTILE

from ringfence.serve.app import create_app
from ringfence.store.run import Run

PAGES = (
    "/", "/platforms/one?id=P-7f3a", "/platforms/one?id=P-c904", "/campaigns", "/campaigns/one?id=P-21bc/2",
    "/victims", "/victims?tier=likely&platform=P-7f3a",
    "/calls", "/calls?signal=many_owners&sort=-score", "/sources",
    "/considered", "/rejected", "/rejected?reason=bad_time", "/method", "/downloads", "/report",
)  # fmt: skip


@pytest.fixture(scope="module")
def masked(found_run: Path) -> TestClient:
    return TestClient(create_app(found_run), base_url="http://127.0.0.1:8400")


@pytest.fixture(scope="module")
def shown(found_run: Path) -> TestClient:
    return TestClient(create_app(found_run, show_numbers=True), base_url="http://127.0.0.1:8400")


@pytest.fixture(scope="module")
def people(found_run: Path) -> set[str]:
    """Called numbers that nobody presented."""
    with Run.open(found_run) as run:
        presented = {row["caller"] for row in run.tally(("caller",))}
        return {row["called"] for row in run.rows("victims").rows} - presented


@pytest.mark.parametrize("path", PAGES)
def test_pages_mask_people_and_escape_attackers(masked: TestClient, people: set[str], path: str) -> None:
    answer = masked.get(path)
    assert answer.status_code == 200
    assert HOSTILE not in answer.text
    assert not set(answer.text) & set("\u202e\x1b")
    assert not set(re.findall(r"\+\d{9,15}", answer.text)) & people
    if path != "/report":
        assert " style=" not in answer.text, "an inline style would break under the policy"
        assert not re.search(r"<script(?! src=)", answer.text)


@pytest.mark.parametrize("path", PAGES)
def test_pages_of_an_empty_hunt(quiet_run: Path, path: str) -> None:
    with TestClient(create_app(quiet_run), base_url="http://127.0.0.1:8400") as client:
        answer = client.get(path)
    assert answer.status_code == (404 if "/one?" in path or "platform=" in path else 200)


def test_numbers_are_shown_when_asked_for(shown: TestClient, people: set[str]) -> None:
    for path in ("/victims", "/calls"):
        assert set(re.findall(r"\+\d{9,15}", shown.get(path).text)) & people


@pytest.mark.parametrize(
    ("path", "said", "way"),
    [
        ("/platforms/one?id=none", "no platform “none” in this hunt", "/#platforms"),
        ("/platforms/one?id=" + quote(HOSTILE, safe=""), "There is no platform", "/#platforms"),
        ("/campaigns/one?id=none", "no campaign “none” in this hunt", "/campaigns"),
        ("/calls?platform=nope", "no platform “nope” in this hunt", "/#platforms"),
        ("/victims?platform=nope", "no platform “nope” in this hunt", "/#platforms"),
        ("/calls?campaign=nope", "no campaign “nope”", "/campaigns"),
        ("/calls?signal=nope", "no signal “nope”", "/calls"),
        ("/calls?trunk=nope", "over a trunk “nope”", "/calls"),
        ("/calls?account=nope", "from an account “nope”", "/calls"),
        ("/calls?caller=123", "presented the number “123”", "/calls"),
        ("/victims?tier=nope", "no tier “nope”", "/victims"),
        ("/rejected?reason=nope", "for the reason “nope”", "/rejected"),
        ("/calls?page=9999", "There is no page 9,999", "/calls?sort=-start_time"),
        ("/campaigns?page=2", "There is no page 2: there is one page", "/campaigns?sort=-score"),
    ],
)  # fmt: skip
def test_what_the_hunt_does_not_hold_is_not_found(masked: TestClient, path: str, said: str, way: str) -> None:
    answer = masked.get(path, headers={"Accept": "text/html"})
    assert answer.status_code == 404
    assert said in answer.text
    assert f'href="{way}' in answer.text.replace("&amp;", "&")
    assert HOSTILE not in answer.text
    part = masked.get(path, headers={"HX-Request": "true"})
    assert part.status_code == 404
    assert said in part.text
    assert "<html" not in part.text


@pytest.mark.parametrize(
    ("path", "said"),
    [
        ("/platforms/one", "does not say which platform"),
        ("/campaigns/one?id=%20", "does not say which campaign"),
        ("/calls?page=-1", "pages count from 1"),
        ("/calls?page=x", "pages count from 1"),
        ("/victims?page=99999999999999999999999", "pages count from 1"),
        ("/calls?sort=nope", "no column “nope”"),
        ("/sources?sort=-nope", "no column “nope”"),
        ("/calls?trunk=" + "x" * 9_000, "trunk is longer than 400 characters"),
        ("/platforms/one?id=" + "x" * 9_000, "platform is longer than 400 characters"),
    ],
)
def test_what_cannot_be_understood_is_said(masked: TestClient, path: str, said: str) -> None:
    answer = masked.get(path, headers={"Accept": "text/html"})
    assert answer.status_code == 400
    assert said in answer.text
    assert len(answer.text) < 3_000


@pytest.mark.parametrize("path", ["/calls", "/victims", "/campaigns", "/sources", "/considered", "/rejected"])
@pytest.mark.parametrize(
    "value", ["%00", "%ff", "' or 1=1 --", "%f0%9f%93%9e", "-", "a&a=b", "[]", "%e2%80%ae"]
)
def test_no_address_breaks_a_page(masked: TestClient, path: str, value: str) -> None:
    for name in ("page", "sort", "platform", "campaign", "trunk", "called", "tier", "reason", "zzz"):
        expected = (200, 400, 403, 404) if name == "called" else (200, 400, 404)
        assert masked.get(f"{path}?{name}={value}").status_code in expected, name
    assert masked.get(f"/downloads/csv/flagged_calls?trunk={value}&sort=score").status_code in (200, 400)


def test_every_link_of_the_pages_leads_somewhere(masked: TestClient) -> None:
    links = {
        link.replace("&amp;", "&")
        for path in PAGES
        if path != "/report"
        for link in re.findall(r'href="(/[^"]*)"', masked.get(path).text)
    }
    assert len(links) > 50
    broken = [link for link in sorted(links) if masked.get(link).status_code != 200]
    assert broken == []


def test_filters_and_order(masked: TestClient) -> None:
    page = masked.get("/calls", params={"trunk": HOSTILE, "sort": "-talk_seconds"}).text
    assert 'aria-sort="descending"' in page
    rows = re.findall(r"<tbody>(.*?)</tbody>", page, re.S)[0]
    assert set(re.findall(r"P-[0-9a-f]{4}/\d", rows)) == {"P-21bc/2"}
    none = masked.get("/calls?signal=weak_attestation&platform=P-7f3a")
    assert none.status_code == 200
    assert "No flagged call matches" in none.text


def test_a_person_can_be_looked_up_by_the_whole_number(shown: TestClient, people: set[str]) -> None:
    number = min(people)
    page = shown.get("/victims", params={"called": number})
    assert "1 called number<" in page.text
    assert 'name="called"' in page.text
    absent = shown.get("/victims", params={"called": number[:-1]})
    assert absent.status_code == 404
    assert f"went to the number “{number[:-1]}”" in absent.json()["detail"]


@pytest.mark.parametrize("path", ["/victims", "/calls"])
def test_a_masked_number_cannot_be_guessed(masked: TestClient, people: set[str], path: str) -> None:
    held, absent = (masked.get(path, params={"called": n}) for n in (min(people), "+15550100"))
    assert held.status_code == absent.status_code == 403
    assert held.json() == absent.json()
    assert "Start the page with --show-numbers to search by number" in held.text
    assert 'name="called"' not in masked.get(path).text


def test_a_campaign_counts_its_tiers_once(masked: TestClient, monkeypatch: pytest.MonkeyPatch) -> None:
    asked: list[object] = []
    tiers = Run.tiers

    def counted(run: Run, **where: object) -> dict[str, int]:
        asked.append(where)
        return tiers(run, **where)

    monkeypatch.setattr(Run, "tiers", counted)
    assert masked.get("/campaigns/one?id=P-21bc/2").status_code == 200
    assert asked == [{"campaign": "P-21bc/2"}]


def test_htmx_gets_the_part_and_others_the_page(masked: TestClient) -> None:
    part = masked.get("/calls", headers={"HX-Request": "true"})
    assert "<html" not in part.text
    assert "<table" in part.text
    assert part.headers["vary"] == masked.get("/calls").headers["vary"] == "HX-Request"


def test_the_last_page_and_the_one_after(masked: TestClient, found_run: Path) -> None:
    with Run.open(found_run) as run:
        total = run.rows("flagged_calls", limit=0).total
    last = -(-total // 50)
    assert 'rel="next"' not in masked.get(f"/calls?page={last}").text
    assert masked.get(f"/calls?page={last + 1}").status_code == 404
    first = masked.get("/calls").text
    assert first.count(f"1 to 50 of {total:,} flagged calls, page 1 of {last}") == 2


@pytest.mark.parametrize("path", PAGES)
def test_pages_show_no_internal_names(masked: TestClient, found_run: Path, path: str) -> None:
    plain = re.sub(r"<[^>]+>", " ", masked.get(path).text.split("<body", 1)[1].split("<script>")[0])
    with Run.open(found_run) as run:
        names = {signal.name for signal in run.summary.signals} | set(run.summary.rows.by_reason)
    assert not [name for name in names if "_" in name and name in plain]


@pytest.mark.parametrize("path", PAGES)
def test_headings_go_down_step_by_step_and_heads_have_a_scope(masked: TestClient, path: str) -> None:
    text = masked.get(path).text
    levels = [int(level) for level in re.findall(r"<h([1-6])", text)]
    assert levels[0] == 1
    assert levels.count(1) == 1
    assert all(after - before <= 1 for before, after in pairwise(levels)), levels
    assert not re.findall(r"<th(?![a-z])(?![^>]*scope=)[^>]*>", text)


def test_the_report_brings_its_own_policy(masked: TestClient) -> None:
    answer = masked.get("/report")
    assert "frame-ancestors 'none'" in answer.headers["content-security-policy"]
    assert "sha256-" in answer.text
