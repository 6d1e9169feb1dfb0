"""`ringfence serve`: the read-only pages of a finished hunt, on this machine alone."""

from __future__ import annotations

import sys
from pathlib import Path

import typer

RUN = typer.Argument(..., metavar="DIR", help="What 'ringfence hunt --out' wrote.")
PORT = typer.Option(8400, min=1, max=65535, help="Port on 127.0.0.1; the next free one if it is taken.")
OPEN = typer.Option(False, "--open", help="Open the page in the web browser.")
SHOW_NUMBERS = typer.Option(False, "--show-numbers", help="Called people's numbers in full, not masked.")


def register(app: typer.Typer) -> None:
    @app.command()
    def serve(
        run: Path = RUN, port: int = PORT, open_page: bool = OPEN, show_numbers: bool = SHOW_NUMBERS
    ) -> None:
        """Look around in a finished hunt with the web browser. Ctrl-C stops."""
        show_page(run, port=port, open_page=open_page, show_numbers=show_numbers)


def show_page(run: Path, *, port: int, open_page: bool, show_numbers: bool) -> None:
    """Serve the pages of `run` until Ctrl-C; says on standard error where they are."""
    from ringfence.serve.app import create_app
    from ringfence.serve.server import bind, serve

    app = create_app(run, show_numbers=show_numbers)
    listener = bind(port)
    if (free := listener.getsockname()[1]) != port:
        print(f"Port {port} is taken; using {free}.", file=sys.stderr)

    def ready(address: str) -> None:
        print(f"Look around: {address} (this machine only). Ctrl-C stops.", file=sys.stderr, flush=True)
        if open_page:
            import webbrowser

            webbrowser.open(address)

    serve(app, listener, ready=ready)
