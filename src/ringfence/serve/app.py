"""The app factory: rooms in, one read-only ASGI application out.

A room is added by listing it; nothing here or in another room changes. The hunt's own pages are the first.
"""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

from litestar import Litestar
from litestar.datastructures import State

from ringfence.serve.guard import guarded
from ringfence.serve.hunt_room import hunt_room
from ringfence.serve.pages import Shell, healthz, static_file
from ringfence.serve.problems import answer
from ringfence.serve.room import Room
from ringfence.store.run import Run


def create_app(run_dir: Path, *, show_numbers: bool = False, rooms: Sequence[Room] = ()) -> Litestar:
    """The pages of the finished hunt in `run_dir`, and of further rooms after them.

    show_numbers: called people's numbers in full; otherwise their middle is hidden on every page and in
    every download. Raises InputError when `run_dir` holds no finished hunt.
    """
    run = Run.open(run_dir)
    return mount([hunt_room(run, show_numbers=show_numbers), *rooms], show_numbers=show_numbers)


def mount(rooms: Sequence[Room], *, show_numbers: bool = False) -> Litestar:
    """One application of these rooms, behind the guard."""
    app = Litestar(
        route_handlers=[static_file, healthz, *(handler for room in rooms for handler in room.handlers)],
        exception_handlers={Exception: answer},
        openapi_config=None,  # its viewer would load scripts from another host
        state=State({"shell": Shell(rooms, show_numbers)}),
        logging_config=None,
    )
    app.asgi_handler = guarded(app.asgi_handler)
    return app
