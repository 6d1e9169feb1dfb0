from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest
from tests.verify.pki import DAY, NOW

from ringfence.cli.main import main
from ringfence.verify.authority import LISTS, PURPOSES, issue_test_authority

FILES = issue_test_authority(NOW)
AT = ("--at", "2026-03-01T12:00:00Z")


class Run:
    def __init__(self, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> None:
        self.monkeypatch, self.capsys = monkeypatch, capsys

    def __call__(self, *arguments: str) -> tuple[int, str, str]:
        self.monkeypatch.setattr("sys.argv", ["ringfence", "cert", *arguments])
        with pytest.raises(SystemExit) as caught:
            main()
            raise SystemExit(0)
        out, err = self.capsys.readouterr()
        return int(caught.value.code or 0), out, err

    def json(self, *arguments: str) -> tuple[int, list[dict[str, Any]]]:
        status, out, _ = self(*arguments, "--json")
        return status, [json.loads(line) for line in out.splitlines()]


@pytest.fixture
def run(monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> Run:
    return Run(monkeypatch, capsys)


@pytest.fixture
def pki(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.chdir(tmp_path)
    folder = Path("pki")
    folder.mkdir()
    for name, octets in FILES.items():
        (folder / name).write_bytes(octets)
    return folder


def test_inspect_prints_one_object_each(run: Run, pki: Path) -> None:
    status, found = run.json("inspect", *AT, "pki/sp-chain.pem", "pki/crl.pem", "pki/ca-list.jws")
    assert status == 0
    assert [row["kind"] for row in found] == ["certificate", "certificate", "crl", "ca_list", "certificate"]
    assert (found[0]["spcs"], found[0]["days_left"], found[0]["place"]) == (["TEST"], 7.0, "pki/sp-chain.pem")


def test_inspect_for_people(run: Run, pki: Path) -> None:
    status, out, _ = run("inspect", "--at", str(NOW + 8 * DAY), "pki/tn-chain.pem")
    assert status == 0
    assert "+447700900000 and 999 more" in out and "expired 24 hours ago" in out


def test_chain_says_where_it_breaks(run: Run, pki: Path) -> None:
    roots = ("--trust", "pki/root.pem", "--crl", "pki/crl.pem", *AT)
    assert run("chain", "pki/delegate-chain.pem", *roots)[0] == 0
    status, (row,) = run.json("chain", "pki/revoked-chain.pem", *roots)
    assert (status, row["verdict"], row["reason"]) == (1, "invalid", "revoked")
    assert [step["outcome"] for step in row["steps"]] == ["holds", "holds", "breaks"]
    status, out, _ = run("chain", "pki/outside-chain.pem", *roots)
    assert status == 1 and "breaks" in out and "not_authorised" in out


def test_chain_to_a_ca_list_with_an_indirect_revocation_list(run: Run, pki: Path) -> None:
    roots = ("--trust", "pki/ca-list.jws", "--trust-signer", "pki/sti-pa.pem", *AT)
    lists = ("--crl", "pki/sti-pa-crl.pem", "--crl-signer", "pki/sti-pa.pem")
    assert run("chain", "pki/sp-chain.pem", *roots, *lists)[0] == 0
    status, (row,) = run.json("chain", "pki/revoked-chain.pem", *roots, *lists)
    assert (status, row["reason"]) == (1, "revoked")
    # a list that nobody known has signed revokes nobody
    assert run("chain", "pki/revoked-chain.pem", *roots, "--crl", "pki/sti-pa-crl.pem")[0] == 0


def test_chain_may_demand_a_revocation_list(run: Run, pki: Path) -> None:
    arguments = ("chain", "pki/sp-chain.pem", "--trust", "pki/root.pem", "--require-crl", *AT)
    status, (row,) = run.json(*arguments)
    assert (status, row["reason"]) == (1, "revocation_unknown")


def test_issue_test_writes_all_with_keys_for_their_owner_alone(run: Run, tmp_path: Path) -> None:
    out = tmp_path / "new" / "pki"
    status, said, _ = run("issue-test", "--out", str(out))
    assert status == 0 and "outside.pem" in said
    names = {path.name for path in out.iterdir()}
    assert set(LISTS) < names and {f"{name}.key" for name in PURPOSES} < names
    for path in out.glob("*.key"):
        assert path.stat().st_mode & 0o777 == 0o600
    assert run.json("inspect", str(out / "sp.pem"))[1][0]["state"] == "in_force"


def test_issue_test_overwrites_on_demand_alone(run: Run, tmp_path: Path) -> None:
    (tmp_path / "sp.key").write_bytes(b"precious")
    (tmp_path / "sp.key").chmod(0o644)
    status, out, err = run("issue-test", "--out", str(tmp_path))
    assert (status, out) == (2, "") and "sp.key is there already; give --force" in err
    assert [path.name for path in tmp_path.iterdir()] == ["sp.key"]
    status, (row,) = run.json("issue-test", "--out", str(tmp_path), "--force")
    assert status == 0 and row["files"] == sorted(path.name for path in tmp_path.iterdir())
    assert (tmp_path / "sp.key").stat().st_mode & 0o777 == 0o600


def test_lint_is_of_the_group(run: Run, pki: Path) -> None:
    status, (row,) = run.json("lint", "pki/root.pem")
    assert (status, row["findings"]) == (0, [])


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (["inspect", "absent.pem"], "absent.pem: cannot be read"),
        (["inspect", "pki/sp.key"], "pki/sp.key: neither PEM nor DER"),
        (["inspect", "pki/sp.pem", "--at", "noon"], "--at 'noon': no time"),
        (["issue-test", "--out", "pki/sp.pem"], "pki/sp.pem"),
        (["chain", "pki/sp.pem"], "missing option '--trust'"),
        (["chain", "absent.pem", "--trust", "pki/root.pem"], "absent.pem: cannot be read"),
        (["chain", "pki/sp.key", "--trust", "pki/root.pem"], "pki/sp.key: neither PEM"),
        (["chain", "pki/sp.pem", "--trust", "pki/ca-list.jws"], "give --trust-signer FILE"),
        (["chain", "pki/sp.pem", "--trust", "pki/root.pem", "--crl", "pki/sp.pem"], "pki/sp.pem: "),
    ],
)
def test_mistakes_are_one_line_and_status_2(run: Run, pki: Path, arguments: list[str], message: str) -> None:
    status, out, err = run(*arguments)
    assert (status, out) == (2 if arguments[0] != "issue-test" else 1, "")
    assert message in err and err.count("\n") == 1
