from __future__ import annotations

import re
from html.parser import HTMLParser
from pathlib import Path

import pytest
from tests.console.example_run import HOSTILE, build_run

from ringfence.console.report import render_report, write_report
from ringfence.errors import InputError, RingfenceError
from ringfence.store.run import Run


class _Elements(HTMLParser):
    def __init__(self) -> None:
        super().__init__()
        self.tags: list[tuple[str, dict[str, str | None]]] = []
        self.ids: list[str] = []

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        found = dict(attrs)
        self.tags.append((tag, found))
        if found.get("id"):
            self.ids.append(found["id"] or "")


def _elements(text: str) -> _Elements:
    parser = _Elements()
    parser.feed(text)
    return parser


@pytest.fixture(scope="module")
def text(found_run: Path) -> str:
    with Run.open(found_run) as run:
        return render_report(run)


def test_it_holds_everything_and_asks_nobody(text: str) -> None:
    for tag, attrs in _elements(text).tags:
        assert tag not in ("link", "img", "iframe", "object", "base", "form")
        for name in ("src", "href", "action", "data"):
            value = attrs.get(name)
            assert value is None or value.startswith("#"), (tag, value)
    assert "default-src 'none'" in text
    assert not re.search(r"url\((?!\"?data:)", text)


def test_every_reference_leads_somewhere_and_ids_are_unique(text: str) -> None:
    found = _elements(text)
    assert len(found.ids) == len(set(found.ids))
    targets = {a["href"][1:] for t, a in found.tags if t == "a" and a.get("href")}  # type: ignore[index]
    assert targets <= set(found.ids)
    assert "platform-P-7f3a" in targets


def test_it_tells_the_story(text: str) -> None:
    plain = " ".join(re.sub(r"<[^>]+>", " ", text).split())
    for said in (
        "Three spoofing platforms found", "5 to 18 October 2026", "Simulated data", "almost certain",
        "Northern Example Bank", "Known before as K-2025-03", "Halcyon Wholesale",
        "The bank&#39;s own fraud team",
        "Stood aside", "No reports were given", "never to the owner of the presented number",
        "does not say that money was lost", "Records hold no attestation for 38 % of calls",
        "No called number: 1", "almost certain from 0.95",
        "What the called person&#39;s telephone showed",
        "of which no records are public", "more, in victims.parquet",
    ):  # fmt: skip
        assert said in plain, said


def test_hostile_strings_are_text(text: str) -> None:
    assert HOSTILE not in text
    assert "&lt;script&gt;window.stolen=1&lt;/script&gt;" in text
    assert not set(text) & set("\u202e\x1b")
    assert sum(tag == "script" for tag, _ in _elements(text).tags) == 1


def test_numbers_are_masked_unless_asked_for(found_run: Path, text: str) -> None:
    with Run.open(found_run) as run:
        longest = run.rows("victims", order="-longest_seconds", limit=100).rows
        shown = render_report(run, show_numbers=True)
        presented = {row["caller"] for row in run.tally(("caller",))}
        people = {row["called"] for row in run.rows("victims").rows} - presented
    assert not [number for number in people if number in text]
    assert all(row["called"] in shown for row in longest)


def test_the_same_run_gives_the_same_file(found_run: Path, text: str) -> None:
    with Run.open(found_run) as run:
        assert render_report(run) == text


def test_a_large_hunt_stays_below_two_megabytes(tmp_path: Path) -> None:
    run = build_run(tmp_path / "large", calls=40_000)
    out = write_report(run, tmp_path / "report.html", show_numbers=True)
    assert out.stat().st_size < 2 << 20


def test_nothing_found_is_said_honestly(quiet_run: Path) -> None:
    with Run.open(quiet_run) as run:
        text = render_report(run)
    assert "No spoofing service found" in text
    assert "not proof that there is none" in text
    assert "Platforms, most certain first" not in text
    assert 'id="considered"' in text


def test_write_report_replaces_the_old_one_whole(found_run: Path, tmp_path: Path) -> None:
    out = tmp_path / "report.html"
    out.write_text("old")
    assert write_report(found_run, out) == out
    assert out.read_text("utf-8").startswith("<!doctype html>")
    assert [p.name for p in tmp_path.iterdir()] == ["report.html"]


def test_faults_are_one_line(found_run: Path, tmp_path: Path) -> None:
    with pytest.raises(RingfenceError, match="cannot write the report"):
        write_report(found_run, tmp_path / "no" / "such" / "report.html")
    with pytest.raises(InputError, match="no finished hunt"):
        write_report(tmp_path, tmp_path / "report.html")


@pytest.mark.parametrize("kind", ["found", "quiet"])
def test_no_internal_name_is_shown(found_run: Path, quiet_run: Path, kind: str) -> None:
    with Run.open(found_run if kind == "found" else quiet_run) as run:
        body = render_report(run).split("<body", 1)[1].split("<script>")[0]
        names = {part for signal in run.summary.signals for part in signal.name.split("+")}
    plain = re.sub(r"<[^>]+>", " ", body)
    assert not [name for name in names | set(run.summary.rows.by_reason) if "_" in name and name in plain]
