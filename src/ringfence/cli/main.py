"""The `ringfence` command: gathers one module per command and turns errors into one line.

A command module holds `register(app)`; heavy imports belong inside the command's function, so that
`ringfence --help` stays quick.
"""

from __future__ import annotations

import importlib
import pkgutil
import sys
import traceback

import typer

import ringfence.cli
from ringfence import __version__
from ringfence.errors import RingfenceError


def _version(value: bool) -> None:
    if value:
        print(f"ringfence {__version__}")
        raise typer.Exit


def build_app() -> typer.Typer:
    """The whole command line, as a typer application."""
    app = typer.Typer(
        name="ringfence",
        help="Finds and stops calls that lie about who is calling.",
        no_args_is_help=True,
        add_completion=False,
        pretty_exceptions_enable=False,
        context_settings={"help_option_names": ["-h", "--help"]},
    )

    @app.callback()
    def root(
        debug: bool = typer.Option(False, "--debug", help="Show the traceback of an error."),
        version: bool = typer.Option(
            False, "--version", callback=_version, is_eager=True, help="Print the version."
        ),
    ) -> None:
        pass

    for module in sorted(m.name for m in pkgutil.iter_modules(ringfence.cli.__path__)):
        command = importlib.import_module(f"ringfence.cli.{module}")
        if hasattr(command, "register"):
            command.register(app)
    return app


def main() -> None:
    """Entry point: exit 0 done, 1 the work failed or the answer is no, 2 wrong usage or no readable input."""
    # --debug is accepted anywhere: an analyst adds it to the end of the line that just failed
    debug = "--debug" in sys.argv
    arguments = [a for a in sys.argv[1:] if a != "--debug"]
    try:
        build_app()(args=arguments, prog_name="ringfence")
    except RingfenceError as error:
        if debug:
            traceback.print_exc()
        print(f"ringfence: {error}", file=sys.stderr)
        sys.exit(error.exit_status)
