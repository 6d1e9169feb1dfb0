from __future__ import annotations

import json
from pathlib import Path

import pytest
from tests.serve.servers import answering, serving

from ringfence.cli.main import main


def run(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str], *arguments: str
) -> tuple[int, str, str]:
    monkeypatch.setattr("sys.argv", ["ringfence", "cert", "fetch", *arguments])
    with pytest.raises(SystemExit) as caught:
        main()
        raise SystemExit(0)
    out, err = capsys.readouterr()
    return int(caught.value.code or 0), out, err


def test_a_list_is_fetched_and_kept(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    with serving(answering()) as server:
        config, urls = tmp_path / "settings.toml", tmp_path / "urls.txt"
        config.write_text(
            f'[fetch]\nallow_http = true\nports = [{server.port}]\nallow_networks = ["127.0.0.0/8"]\n'
            f'cache_dir = "{tmp_path / "kept"}"\n'
        )
        good = server.url(host="127.0.0.1")
        urls.write_text(f"# ours\n{good}\n")
        given = ("--config", str(config), "--list", str(urls))
        assert run(monkeypatch, capsys, *given) == (0, "1 of 1 fetched\n", "")
        status, out, _ = run(monkeypatch, capsys, *given, "file:///etc/passwd")
        assert status == 1 and out.startswith("bad_url  file:///etc/passwd  ")
        assert len(server.requests) == 1  # the second run had it on disk
        status, out, _ = run(monkeypatch, capsys, *given, "x", "--json")
        assert [json.loads(line)["fetched"] for line in out.splitlines()] == [False, True]


def test_nothing_to_fetch(monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> None:
    status, _, err = run(monkeypatch, capsys)
    assert status == 2 and "--list FILE" in err and err.count("\n") == 1
