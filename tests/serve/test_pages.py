from __future__ import annotations

from litestar.testing import TestClient

from ringfence.console.shell import ASSETS
from ringfence.serve.app import mount
from ringfence.serve.pages import Shell
from ringfence.serve.room import NavEntry, Room

ROOMS = [
    Room("Hunt", [NavEntry("Overview", "/"), NavEntry("Calls", "/calls")], []),
    Room("Cases", [NavEntry("All", "/cases")], []),
]


def test_the_entry_of_a_page_is_the_longest_that_it_begins_with() -> None:
    shell = Shell(ROOMS, show_numbers=False)
    for path, label in (("/", "Overview"), ("/calls", "Calls"), ("/calls/7", "Calls"), ("/cases/1", "All")):
        entry = shell.current(path)
        assert entry is not None
        assert entry.label == label
    assert shell.current("/callsign") is None


def test_static_files_and_health() -> None:
    with TestClient(mount(ROOMS), base_url="http://127.0.0.1") as client:
        for name, media_type in ASSETS.items():
            answer = client.get(f"/static/{name}")
            assert answer.headers["content-type"].startswith(media_type)
            assert "max-age" in answer.headers["cache-control"]
        assert client.get("/static/shell.py").status_code == 404
        assert client.get("/static/..%2Fshell.py").status_code == 404
        assert client.get("/healthz").json() == {"status": "ok"}
