"""`ringfence screen`: every call judged as it arrives, over SIP and HTTP."""

from __future__ import annotations

import sys
from pathlib import Path

import typer

from ringfence.errors import ConfigError

CONFIG = typer.Option(..., "--config", metavar="FILE", help="Settings (TOML): [screen], [fetch].")
WORKERS = typer.Option(None, "--workers", min=1, max=256, help="Processes; else as the settings say.")
CHECK = typer.Option(False, "--check", help="Read everything, say whether it can be used, and end.")


def register(app: typer.Typer) -> None:
    """Add the command to the application."""
    app.command("screen")(screen)


def screen(config: Path = CONFIG, workers: int | None = WORKERS, check: bool = CHECK) -> None:
    """Judge calls as they arrive: a stateless SIP redirect server, and POST /v1/screen.

    SIGHUP reads policy, tables, indicators, roots and keys again; Ctrl-C or SIGTERM ends it in order.
    """
    from ringfence.cli.screen_loading import ScreenLoader
    from ringfence.serve.screen_process import http_socket, run, sip_sockets
    from ringfence.serve.service_manager import tell
    from ringfence.serve.sip_queue import Overload

    loader = ScreenLoader(config)
    settings = loader.settings.screen
    known = loader.knowledge()
    if check:
        print(f"{config}: can be used: {known.policy.version}")
        return
    try:
        overload = Overload(late_seconds=settings.late_seconds, late=settings.late)
    except ValueError as error:
        raise ConfigError(f"{config}: screen: {error}") from None
    sip, http = sip_sockets(settings.sip), http_socket(settings.http)
    places = [*settings.sip, *([f"http://{settings.http}/v1/screen"] if settings.http else [])]

    def ready() -> None:
        print(
            f"ringfence: screening at {', '.join(places)} by {known.policy.version}",
            file=sys.stderr,
            flush=True,
        )
        tell("READY=1")

    run(
        loader,
        sip,
        http,
        workers=workers or settings.workers,
        overload=overload,
        region=known.policy.country,
        ready=ready,
    )
