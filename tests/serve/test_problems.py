from __future__ import annotations

from pathlib import Path

import pytest
from litestar import get
from litestar.testing import TestClient

from ringfence.serve.app import mount
from ringfence.serve.problems import wants_page
from ringfence.serve.room import Room


@get("/boom", sync_to_thread=False)
def boom() -> str:
    raise RuntimeError("secret: /etc/passwd")


@pytest.fixture
def client() -> TestClient:
    return TestClient(
        mount([Room("Test", [], [boom])]), base_url="http://127.0.0.1", raise_server_exceptions=False
    )


@pytest.mark.parametrize(("path", "status"), [("/nowhere", 404), ("/boom", 500)])
def test_programs_get_a_problem_document(client: TestClient, path: str, status: int) -> None:
    answer = client.get(path)
    assert answer.status_code == status
    assert answer.headers["content-type"] == "application/problem+json"
    problem = answer.json()
    assert problem["status"] == status
    assert set(problem) == {"type", "title", "status", "detail"}
    assert "secret" not in answer.text


def test_people_get_a_page(client: TestClient) -> None:
    answer = client.get("/nowhere", headers={"Accept": "text/html,*/*;q=0.8"})
    assert answer.status_code == 404
    assert answer.headers["content-type"].startswith("text/html")
    assert "There is no such page in this hunt." in answer.text


def test_a_wrong_parameter_is_named(found_run: Path) -> None:
    from ringfence.serve.app import create_app

    with TestClient(create_app(found_run), base_url="http://127.0.0.1") as client:
        for query in ("page=x", "page=0", "page=99999999999999999999"):
            answer = client.get("/calls?" + query)
            assert answer.status_code == 400, query
            assert answer.json()["detail"].startswith("page: ")


def test_wants_page() -> None:
    assert wants_page("text/html,application/xhtml+xml")
    assert not wants_page("*/*")
    assert not wants_page("application/json")
