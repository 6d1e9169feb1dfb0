from __future__ import annotations

import base64
import gzip
import json
from pathlib import Path
from typing import Any

import pytest
import typer
from tests.verify.lint.certificates import algorithm, leaf, subject

from ringfence.cli.cert_lint import lint
from ringfence.errors import InputError

GOOD, BAD = leaf(), leaf(subject=subject("SHAKEN Example 700J"))
REFUSED = leaf(signature_algorithm=algorithm("1.2.840.10045.4.3.2", b"\5\0"))


def pem(*certificates: bytes) -> bytes:
    return b"".join(
        b"-----BEGIN CERTIFICATE-----\n" + base64.encodebytes(der) + b"-----END CERTIFICATE-----\n"
        for der in certificates
    )


def line(der: bytes) -> bytes:
    return json.dumps({"der_b64": base64.b64encode(der).decode(), "link": "x"}).encode() + b"\n"


class Run:
    def __init__(self, folder: Path, capsys: pytest.CaptureFixture[str]) -> None:
        self.folder, self.capsys = folder, capsys
        self.app = typer.Typer()
        self.app.command("lint")(lint)

    def __call__(self, data: bytes, *options: str, name: str = "certificate") -> tuple[int, str]:
        path = self.folder / name
        path.write_bytes(data)
        status = self.app([str(path), *options], standalone_mode=False)
        return status or 0, self.capsys.readouterr().out

    def json(self, data: bytes, name: str = "certificate") -> tuple[int, list[dict[str, Any]]]:
        status, out = self(data, "--json", name=name)
        return status, [json.loads(text) for text in out.splitlines()]


@pytest.fixture
def run(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> Run:
    return Run(tmp_path, capsys)


def test_one_object_a_certificate(run: Run) -> None:
    status, (row,) = run.json(BAD)
    assert status == 1
    assert list(row)[:4] == ["sha256", "subject", "findings", "unreadable"]
    assert row["subject"] == "CN=SHAKEN Example 700J,O=Example Telecom,C=US"
    assert row["unreadable"] is None
    (finding,) = row["findings"]
    assert set(finding) == {"rule", "severity", "source", "text"}
    assert (finding["rule"], finding["severity"]) == ("e_atis_subject_cn_spc", "error")


def test_a_certificate_without_errors_is_status_0(run: Run) -> None:
    assert run(GOOD)[0] == 0
    # a notice is no error
    status, (row,) = run.json(GOOD)
    assert (status, row["findings"]) == (0, [])


@pytest.mark.parametrize(
    ("name", "data"),
    [
        ("chain.pem", b"the chain:\r\n" + pem(GOOD, BAD).replace(b"\n", b"\r\n")),
        ("list.jsonl", line(GOOD) + b"\n" + line(BAD)),
        ("list.jsonl.gz", gzip.compress(line(GOOD) + line(BAD))),
    ],
)
def test_every_certificate_of_a_file_is_judged(run: Run, name: str, data: bytes) -> None:
    status, rows = run.json(data, name)
    assert status == 1
    assert [len(row["findings"]) for row in rows] == [0, 1]
    assert rows[0]["place"] == f"{run.folder / name}:1"
    _, out = run(data, name=name)
    assert "2 certificates: 1 without errors, 1 with" in out


def test_what_a_person_reads(run: Run) -> None:
    status, out = run(BAD)
    assert status == 1
    assert out.splitlines()[0] == "CN=SHAKEN Example 700J,O=Example Telecom,C=US"
    assert "error  the common name is 'SHAKEN Example 700J', without 'SHAKEN 700J'" in out
    assert "e_atis_subject_cn_spc, ATIS1000080" in out
    assert "nothing wrong" in run(GOOD)[1]


def test_names_cannot_speak_to_the_terminal(run: Run) -> None:
    _, out = run(leaf(subject=subject("SHAKEN [red]700J\x1b[2J\r\n")))
    assert "\x1b" not in out and "\r" not in out and "SHAKEN [red]700J�[2J��" in out


def test_what_the_parser_refuses_is_an_error_with_a_reason(run: Run) -> None:
    status, (row,) = run.json(REFUSED)
    assert status == 1 and "signature_alg" in row["unreadable"] and row["findings"]
    assert "unreadable" in run(REFUSED)[1]


@pytest.mark.parametrize(
    ("name", "data", "reason"),
    [
        ("a.jsonl", line(GOOD) + b"{", "no JSON"),
        ("a.jsonl", line(GOOD) + b"[1]", "no field der_b64"),
        ("a.jsonl", line(GOOD) + b'{"der_b64": 5}', "no field der_b64"),
        ("a.jsonl", line(GOOD) + b'{"der_b64": "\xc3\xa9*"}', "no base64"),
        ("a.jsonl", line(GOOD) + b'{"der_b64": "MAA="}', "no certificate"),
        ("a.jsonl.gz", gzip.compress(line(GOOD) * 99)[:-9], "not whole"),
        ("a.pem", pem(GOOD) + b"-----BEGIN CERTIFICATE-----\n****\n-----END CERTIFICATE-----", "no base64"),
        ("a.pem", pem(GOOD) + b"-----BEGIN CERTIFICATE-----\nMAA=", "no certificate"),
    ],
)
def test_what_is_no_certificate_is_told_beside_those_that_are(
    run: Run, name: str, data: bytes, reason: str
) -> None:
    status, rows = run.json(data, name)
    assert status == 1
    assert rows[0]["unreadable"] is None
    assert reason in rows[-1]["unreadable"] and rows[-1]["findings"] == []


@pytest.mark.parametrize(
    ("name", "data"), [("a", b""), ("a", b"hello"), ("a.jsonl", b""), ("a.jsonl.gz", b"x")]
)
def test_a_file_without_any_certificate_is_no_readable_input(run: Run, name: str, data: bytes) -> None:
    with pytest.raises(InputError, match="no certificate in"):
        run(data, name=name)


def test_a_file_that_is_not_there(run: Run, tmp_path: Path) -> None:
    for path, reason in ((tmp_path / "nothing", "no such file"), (tmp_path, "a folder")):
        with pytest.raises(InputError, match=reason):
            run.app([str(path)], standalone_mode=False)
