from __future__ import annotations

from pathlib import Path

import pytest
from litestar import Request, Response, get
from litestar.testing import TestClient

from ringfence.errors import InputError
from ringfence.serve.app import create_app
from ringfence.serve.room import NavEntry, Room


@get("/cases", sync_to_thread=False)
def cases(request: Request) -> Response[str]:
    return Response("the cases", media_type="text/plain")


def test_a_further_room_is_mounted_and_listed(found_run: Path) -> None:
    room = Room("Cases", [NavEntry("Open cases", "/cases", 4)], [cases], note=["SQLite"])
    with TestClient(create_app(found_run, rooms=[room]), base_url="http://127.0.0.1") as client:
        assert client.get("/cases").text == "the cases"
        first = client.get("/").text
    assert 'aria-label="Cases"' in first
    assert "Open cases" in first
    assert "SQLite" in first


def test_no_hunt_is_the_operators_fault(tmp_path: Path) -> None:
    with pytest.raises(InputError):
        create_app(tmp_path)
