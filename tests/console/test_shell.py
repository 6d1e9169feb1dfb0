from __future__ import annotations

import re
from html import unescape

import pytest

from ringfence.console import shell


@pytest.mark.parametrize("name", shell.ASSETS)
def test_assets_are_shipped_and_small(name: str) -> None:
    assert 0 < len(shell.asset(name)) < 2 << 20


def test_only_assets_are_given_out() -> None:
    with pytest.raises(KeyError):
        shell.asset("../shell.py")


def test_assets_ask_no_other_host() -> None:
    for name in ("ringfence.css", "ringfence.js"):
        assert not re.search(rb"https?://|@import", shell.asset(name)), name


def test_page_links_quote_names() -> None:
    links = shell.PageLinks()
    assert links.platform("P/1 ?x") == "/platforms/one?id=P%2F1+%3Fx"
    assert links.calls(trunk="a&b", caller="+44") == "/calls?trunk=a%26b&caller=%2B44"
    assert links.victims(tier="likely") == "/victims?tier=likely"
    assert links.campaign("C") == "/campaigns/one?id=C"
    assert links.source("TG", "a 1", platform="P") == "/calls?platform=P&trunk=TG&account=a+1"
    assert links.source("TG", None) == "/calls?trunk=TG"
    assert links.source(None, "a") is None


def test_report_links_stay_inside() -> None:
    links = shell.ReportLinks()
    assert links.platform('P "1"') == "#platform-P_%221%22"
    assert shell.anchor('P "1"') == 'platform-P_"1"'
    assert links.calls(trunk="x") is links.campaign("C") is links.victims() is None
    assert links.source("TG", "acct") is None


def test_templates_escape_clean_and_mask() -> None:
    masked = shell.environment(False).from_string("{{ t }}|{{ n|person }}|{{ r|about(n) }}|{{ gone }}")
    text = masked.render(
        t="<b>\u202e", n="+447700900123", r="saw +447700900123 from +442079460101", gone=None
    )
    assert text == "&lt;b&gt;\ufffd|+4477••••••23|saw +4477••••••23 from +442079460101|–"
    shown = shell.environment(True).from_string("{{ n|person }}|{{ r|about(n) }}")
    assert shown.render(n="+447700900123", r="saw +447700900123") == "+447700900123|saw +447700900123"


def test_short_names_stay_in_one_piece_and_hostile_ones_are_text() -> None:
    whole = shell.environment(False).from_string("{{ text|whole(name) }}")
    assert whole.render(text="by P-1.", name="P-1") == 'by <span class="nowrap">P-1</span>.'
    assert whole.render(text="by <b>", name="<b>") == 'by <span class="nowrap">&lt;b&gt;</span>'
    assert whole.render(text="by nobody", name=None) == "by nobody"
    assert whole.render(text="x" * 40, name="x" * 40) == "x" * 40


def test_the_copy_button_holds_the_whole_list() -> None:
    button = shell.environment(False).from_string(
        '{% from "macros.html" import copy %}{{ copy(names, "trunk names") }}'
    )
    names = ["Alpha", "alpha", 'a"<b>', *(f"TG-EXAMPLE-{i:03}" for i in range(300))]
    text = button.render(names=[*names, "Alpha", "new\nline", "\u202e"])
    held = re.findall(r'data-text="([^"]*)"', text)
    assert unescape(held[0]).split("\n") == [*names, "new line", "\ufffd"]
    assert "<b>" not in text
