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


#: What typer raises for an unknown option, a missing argument or a bad value. Its module has no public name.
_WrongUsage: type[Exception] = typer.BadParameter.__bases__[0]


def main() -> None:
    """Entry point: exit 0 done, 1 the work failed or the answer is no, 2 wrong usage or no readable input."""
    # --debug is accepted anywhere: an analyst adds it to the end of the line that just failed
    debug = "--debug" in sys.argv
    arguments = [a for a in sys.argv[1:] if a != "--debug"]
    try:
        status = build_app()(args=arguments, prog_name="ringfence", standalone_mode=False)
    except (RingfenceError, OSError, _WrongUsage, typer.Abort) as error:
        if debug:
            traceback.print_exc()
        if line := _line(error, arguments):
            print(f"ringfence: {line}", file=sys.stderr)
        sys.exit(getattr(error, "exit_status", None) or getattr(error, "exit_code", 1))
    sys.exit(status if isinstance(status, int) else 0)


def _line(error: Exception, arguments: list[str]) -> str:
    """What is wrong and what to do, in one line; empty where the help was printed instead."""
    if isinstance(error, OSError):
        return f"{error.filename or 'a file'}: {error.strerror or error}; free space or check permissions"
    if not isinstance(error, _WrongUsage):
        return " ".join(str(error).splitlines()) or "stopped"
    said = " ".join(str(error.format_message()).split()).rstrip(".")  # type: ignore[attr-defined]
    context = getattr(error, "ctx", None)
    command = context.command_path if context else " ".join(["ringfence", *arguments[:1]])
    return said and f"{said[0].lower()}{said[1:]}; see '{command} --help'"
