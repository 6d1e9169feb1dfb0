from __future__ import annotations

import re
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
    assert answer.status_code == (404 if "/one?" in path else 200)


def test_numbers_are_shown_when_asked_for(shown: TestClient, people: set[str]) -> None:
    for path in ("/victims", "/calls"):
        assert set(re.findall(r"\+\d{9,15}", shown.get(path).text)) & people


@pytest.mark.parametrize(
    "path",
    ["/platforms/one?id=none", "/campaigns/one?id=none", "/platforms/one?id=" + quote(HOSTILE, safe="")],
)
def test_unknown_names_are_not_found(masked: TestClient, path: str) -> None:
    assert masked.get(path).status_code == 404


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
    assert "No flagged call matches" in masked.get("/calls?trunk=none").text
    assert masked.get("/calls?sort=nonsense").status_code == 200


def test_a_person_can_be_looked_up_by_the_whole_number(masked: TestClient, people: set[str]) -> None:
    number = min(people)
    page = masked.get("/victims", params={"called": number})
    assert "1 called number<" in page.text
    assert masked.get("/victims", params={"called": number[:-1]}).text.count("No called number matches") == 1


def test_htmx_gets_the_part_and_others_the_page(masked: TestClient) -> None:
    part = masked.get("/calls", headers={"HX-Request": "true"})
    assert "<html" not in part.text
    assert "<table" in part.text
    assert part.headers["vary"] == masked.get("/calls").headers["vary"] == "HX-Request"


def test_the_last_page_and_the_one_after(masked: TestClient, found_run: Path) -> None:
    with Run.open(found_run) as run:
        last = -(-run.rows("flagged_calls", limit=0).total // 50)
    assert 'rel="next"' not in masked.get(f"/calls?page={last}").text
    assert masked.get(f"/calls?page={last + 1}").status_code == 200


def test_the_report_brings_its_own_policy(masked: TestClient) -> None:
    answer = masked.get("/report")
    assert "frame-ancestors 'none'" in answer.headers["content-security-policy"]
    assert "sha256-" in answer.text
