from __future__ import annotations

import io
import json
from pathlib import Path
from typing import Any

import pytest
from tests.ingest.wire import ethernet, ipv4, pcap, udp
from tests.verify.pki import NOW

from ringfence.cli.main import main
from ringfence.verify.authority import issue_test_authority
from ringfence.verify.signer import Signer

FILES = issue_test_authority(NOW)
LONDON, MOBILE = "442079460123", "447700900123"
X5U = "https://certs.example.org/tn.pem"
SIGNER = Signer(FILES["tn.key"], FILES["tn-chain.pem"], X5U, now=NOW)
HEADER = str(SIGNER.shaken(LONDON, MOBILE, int(NOW), "A", "7a4cd5d9-0a2f-4b0d-a1d4-6f0e8a0f1c11"))
AT = ("--at", str(NOW))


def invite(*headers: str, caller: str = LONDON, call_id: str = "1@example.org") -> bytes:
    lines = [
        f"INVITE sip:+{MOBILE}@example.org;user=phone SIP/2.0",
        f"Via: SIP/2.0/UDP 192.0.2.1;branch=z9hG4bK{call_id}",
        f"From: <sip:+{caller}@example.org>;tag=1",
        f"To: <sip:+{MOBILE}@example.org>",
        f"Call-ID: {call_id}",
        "CSeq: 1 INVITE",
        *(f"Identity: {header}" for header in headers),
        "Content-Length: 0",
    ]
    return "\r\n".join([*lines, "", ""]).encode()


class Run:
    """`ringfence verify` in a folder with a test authority's files."""

    def __init__(self, folder: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]):
        self.folder, self.monkeypatch, self.capsys = folder, monkeypatch, capsys
        monkeypatch.chdir(folder)
        for name, octets in FILES.items():
            (folder / name).write_bytes(octets)

    def file(self, name: str, octets: bytes | str) -> str:
        (self.folder / name).write_bytes(octets.encode() if isinstance(octets, str) else octets)
        return name

    def __call__(self, *arguments: str) -> tuple[int, str, str]:
        self.monkeypatch.setattr("sys.argv", ["ringfence", "verify", *arguments])
        with pytest.raises(SystemExit) as caught:
            main()
            raise SystemExit(0)
        out, err = self.capsys.readouterr()
        return int(caught.value.code or 0), out, err

    def rows(self, *arguments: str) -> list[dict[str, Any]]:
        given = [*arguments, *AT, "--json"]
        if "--cert" not in arguments and "--key" not in arguments:
            given += ["--cert", "tn-chain.pem"]
        _, out, _ = self(*given, "--trust", "root.pem")
        return [json.loads(line) for line in out.splitlines()]


@pytest.fixture
def run(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> Run:
    return Run(tmp_path, monkeypatch, capsys)


TRUSTED = ("--trust", "root.pem", "--cert", "tn-chain.pem", *AT)


def test_a_token_alone(run: Run) -> None:
    for text in (HEADER, HEADER.partition(";")[0], f"Identity: {HEADER}\n"):
        status, out, err = run(run.file("token", text), *TRUSTED)
        assert (status, err) == (0, "")
        assert out.startswith(f"valid    A  +{LONDON} → +{MOBILE}") and "held to no call" in out


def test_a_token_held_to_a_call(run: Run) -> None:
    token = run.file("token", HEADER)
    (row,) = run.rows(token, "--from", f"+{LONDON}", "--to", f"tel:+{MOBILE}")
    assert (row["verdict"], row["bound"]) == ("valid", True)
    (row,) = run.rows(token, "--from", "+442079460999", "--to", f"+{MOBILE}")
    assert (row["verdict"], row["reason"], row["sip_status"]) == ("invalid", "orig_mismatch", 438)
    status, _, err = run(token, "--from", f"+{LONDON}", *TRUSTED)
    assert status == 2 and "go together" in err


def test_standard_input(run: Run, monkeypatch: pytest.MonkeyPatch) -> None:
    class Stdin:
        buffer = io.BytesIO(HEADER.encode())

    monkeypatch.setattr("sys.stdin", Stdin)
    (row,) = run.rows("-")
    assert (row["verdict"], row["attestation"], row["call_id"]) == ("valid", "A", None)


def test_an_invite(run: Run) -> None:
    (row,) = run.rows(run.file("invite", invite(HEADER)))
    fields = ("call_id", "verdict", "reason", "sip_status", "attestation", "orig", "dest", "verstat")
    assert [row[field] for field in fields] == [
        "1@example.org",
        "valid",
        "",
        None,
        "A",
        LONDON,
        [MOBILE],
        "TN-Validation-Passed",
    ]
    (row,) = run.rows(run.file("invite", invite(HEADER, caller="442079460999")))
    assert row["reason"] == "orig_mismatch" and row["passports"][0]["step"] == "binding"
    (row,) = run.rows(run.file("invite", invite()))
    assert (row["verdict"], row["sip_status"]) == ("unsigned", 428)


def test_a_capture_has_a_line_a_call(run: Run) -> None:
    messages = [
        invite(HEADER),
        invite(call_id="2@example.org"),
        invite(HEADER, HEADER, call_id="3@example.org"),
    ]
    packets = pcap([(n, ethernet(ipv4(udp(message)))) for n, message in enumerate(messages)])
    path = run.file("capture.pcap", packets)
    rows = run.rows(path)
    assert [row["call_id"][0] for row in rows] == ["1", "2", "3"]
    assert [row["verdict"] for row in rows] == ["valid", "unsigned", "valid"]
    assert rows[2]["passports"][0]["notes"] == ["repeated"]
    status, out, _ = run(path, *TRUSTED)
    assert status == 0 and len([line for line in out.splitlines() if line[0] != " "]) == 3


def test_a_capture_is_judged_by_its_own_clock(run: Run) -> None:
    path = run.file("capture.pcap", pcap([(0, ethernet(ipv4(udp(invite(HEADER)))))]))
    _, out, _ = run(path, "--trust", "root.pem", "--cert", "tn-chain.pem", "--json")
    assert json.loads(out)["reason"] in ("stale", "future")


def test_the_signature_alone(run: Run) -> None:
    old = str(SIGNER.plain(LONDON, MOBILE, int(NOW) + 3600))
    status, out, _ = run(run.file("token", old), "--cert", "sp.pem", "--signature-only", *AT)
    assert status == 1 and "bad_signature" in out
    status, out, _ = run(run.file("token", old), "--cert", "tn.pem", "--signature-only", *AT)
    assert status == 0 and out.startswith("valid")


def test_without_trust_nothing_is_trusted(run: Run) -> None:
    status, out, err = run(run.file("token", HEADER), "--cert", "tn-chain.pem", *AT)
    assert status == 1 and "untrusted 437" in out and "no --trust" in err


def test_revoked(run: Run) -> None:
    revoked = Signer(FILES["revoked.key"], FILES["revoked-chain.pem"], X5U, now=NOW)
    token = run.file("token", str(revoked.plain(LONDON, MOBILE, int(NOW))))
    cert = ("--cert", "revoked-chain.pem")
    assert run.rows(token, *cert)[0]["verdict"] == "valid"
    assert run.rows(token, *cert, "--crl", "crl.pem")[0]["reason"] == "revoked"
    indirect = (*cert, "--crl", "sti-pa-crl.pem")
    assert run.rows(token, *indirect)[0]["verdict"] == "valid"  # nobody has said to believe it
    assert run.rows(token, *indirect, "--crl-signer", "sti-pa.pem")[0]["reason"] == "revoked"


@pytest.mark.parametrize(
    ("octets", "said"),
    [
        (b"\x30\x82\x01\x0a\x00\n\xff", "neither text nor a capture"),
        (b"\xff\xfe", "neither text nor a capture"),
        (FILES["sp.pem"], "ringfence cert inspect"),
        (b"", "empty"),
        (b"INVITE sip:a@b SIP/2.0\r\nno end", "not a SIP message"),
    ],
)
def test_files_that_hold_nothing(run: Run, octets: bytes, said: str) -> None:
    status, _, err = run(run.file("what", octets), *TRUSTED)
    assert status == 2 and said in err and err.count("\n") == 1


def test_rubbish_is_a_verdict(run: Run) -> None:
    (row,) = run.rows(run.file("what", "rubbish"))
    assert (row["verdict"], row["reason"]) == ("invalid", "bad_syntax")


def test_a_file_that_is_not_there(run: Run) -> None:
    status, _, err = run("absent", *TRUSTED)
    assert status == 2 and "absent" in err and err.count("\n") == 1
