from __future__ import annotations

import io
import sys
from pathlib import Path

import pytest

from ringfence.cli.signing_options import (
    issued_at,
    read_input,
    read_invite,
    read_parties,
    rich_claims,
    with_headers,
)
from ringfence.errors import InputError, UsageError

HEAD = "INVITE sip:+447700900123@h SIP/2.0\r\nFrom: {caller}\r\nTo: <sip:{to}@h>\r\nCall-ID: 1\r\n\r\n"


def invite(folder: Path, caller: str = "<sip:+442079460123@h>;tag=1", to: str = "+447700900123") -> str:
    path = folder / "invite"
    path.write_text(HEAD.format(caller=caller, to=to), newline="")
    return str(path)


def test_parties_of_an_invite(tmp_path: Path) -> None:
    found = read_parties(invite(tmp_path), None, [], "001", False)
    assert (found.orig, found.dest, found.iat) == ("442079460123", ("447700900123",), None)
    named = read_parties(invite(tmp_path), "sip:Me@Example.org", ["+15550100"], "001", False)
    assert (named.orig, named.dest) == ("sip:me@example.org", ("15550100",))


def test_a_call_that_shows_nobody_is_not_signed_by_itself(tmp_path: Path) -> None:
    hidden = invite(tmp_path, '"Anonymous" <sip:anonymous@anonymous.invalid>;tag=1')
    with pytest.raises(UsageError, match="shows no caller"):
        read_parties(hidden, None, [], "001", False)
    assert read_parties(hidden, "+442079460123", [], "001", False).orig == "442079460123"


def test_a_call_that_was_moved_is_not_signed_as_if_it_was_not(tmp_path: Path) -> None:
    moved = invite(tmp_path, to="+447700900999")
    with pytest.raises(UsageError, match="name two parties"):
        read_parties(moved, None, [], "001", False)
    assert read_parties(moved, None, [], "001", True).dest == ("447700900123",)
    assert read_parties(moved, None, ["+447700900999"], "001", False).dest == ("447700900999",)


def test_what_is_no_invite(tmp_path: Path) -> None:
    path = tmp_path / "file"
    for text in ("nothing", "OPTIONS sip:a@h SIP/2.0\r\n\r\n", "SIP/2.0 200 OK\r\n\r\n"):
        path.write_text(text, newline="")
        with pytest.raises(InputError, match="no INVITE"):
            read_invite(str(path))
    with pytest.raises(InputError, match="cannot be read"):
        read_input(str(tmp_path / "missing"))


def test_standard_input(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sys, "stdin", io.TextIOWrapper(io.BytesIO(b"abc")))
    assert read_input("-") == b"abc"


def test_when_a_call_was_signed() -> None:
    assert issued_at(5, 6, 7.0) == 5
    assert issued_at(None, 960, 1000.9) == 960
    assert issued_at(None, None, 1000.9) == 1000
    with pytest.raises(UsageError, match="100 s from now"):
        issued_at(None, 900, 1000.0)


def test_headers_are_added_at_the_end_of_the_head() -> None:
    for end in ("\r\n", "\n"):
        octets = f"INVITE x{end}A: b{end}{end}body".encode()
        added = with_headers(octets, ["one", "two"], 0)
        date = f"Date: Thu, 01 Jan 1970 00:00:00 GMT{end}"
        assert added.decode() == f"INVITE x{end}A: b{end}{date}Identity: one{end}Identity: two{end}{end}body"
    mixed = with_headers(b"INVITE x\nA: b\n\nv=0\r\n\r\n", ["one"], None)
    assert mixed == b"INVITE x\nA: b\nIdentity: one\n\nv=0\r\n\r\n"
    assert with_headers(b"INVITE x\nA: b\n", ["one"], None) == b"INVITE x\nA: b\nIdentity: one\n\n"


def test_rich_claims_of_files(tmp_path: Path) -> None:
    assert rich_claims(None, "", "", None, "", "", []) is None
    card = tmp_path / "card.json"
    card.write_text('["vcard", [["fn", {}, "text", "Example"]]]')
    url = "https://cards.example.org/icon.png"
    plain = tmp_path / "icon.png"
    plain.write_bytes(b"png")
    rich = rich_claims("Example", "", url, str(card), "", "why", [f"{url}={plain}"])
    assert rich is not None and set(rich["rcdi"]) == {"/icn", "/jcd"} and rich["crn"] == "why"
    card.write_text("{")
    with pytest.raises(InputError, match="no JSON"):
        rich_claims("Example", "", "", str(card), "", "", [])
