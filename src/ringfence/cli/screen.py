"""`ringfence screen`: every call judged as it arrives, over SIP and HTTP."""

from __future__ import annotations

import sys
import time
from pathlib import Path
from typing import TYPE_CHECKING

import typer

from ringfence.errors import ConfigError

if TYPE_CHECKING:
    from ringfence.config import Settings
    from ringfence.screen.screen import Knowledge
    from ringfence.screen.shared_counters import AsyncSharedCounters
    from ringfence.serve.decision_stream import DecisionStream
    from ringfence.serve.fetching import HttpFetcher
    from ringfence.serve.screening import Screening

CONFIG = typer.Option(..., "--config", metavar="FILE", help="Settings (TOML): [screen], [fetch].")
WORKERS = typer.Option(None, "--workers", min=1, max=256, help="Processes; else as the settings say.")
CHECK = typer.Option(False, "--check", help="Read everything, say whether it can be used, and end.")


def register(app: typer.Typer) -> None:
    """Add the command to the application."""
    app.command("screen")(screen)


def screen(config: Path = CONFIG, workers: int | None = WORKERS, check: bool = CHECK) -> None:
    """Judge calls as they arrive: a stateless SIP redirect server, and POST /v1/screen.

    SIGHUP reads policy, register, numbering table and roots again; Ctrl-C or SIGTERM ends it in order.
    """
    from ringfence.serve.screen_process import http_socket, run, sip_sockets
    from ringfence.serve.sip_queue import Overload

    loader = _Loader(config)
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

    run(
        loader,
        sip,
        http,
        workers=workers or settings.workers,
        overload=overload,
        region=known.policy.country,
        ready=ready,
    )


class _Loader:
    """What the settings' file names, read when a process begins and when it is told to read again."""

    def __init__(self, config: Path) -> None:
        self._config = config
        self.settings = self._read()
        self._fetcher: HttpFetcher | None = None

    def _read(self) -> Settings:
        from ringfence.config import load_settings

        return load_settings(self._config)

    def _path(self, text: str | None) -> Path | None:
        return None if text is None else self._config.parent / text

    def knowledge(self) -> Knowledge:
        """The policy and its tables. Raises RingfenceError."""
        from ringfence.cli.screen_options import load_knowledge, load_screen_policy
        from ringfence.screen.policy import PACKS

        settings = self.settings.screen
        name = settings.policy if settings.policy in PACKS else str(self._config.parent / settings.policy)
        return load_knowledge(
            load_screen_policy(name),
            numbers=self._path(settings.numbers),
            allocation=self._path(settings.allocation),
            indicators=self._path(settings.indicators),
        )

    def screening(self, worker: str) -> Screening:
        """Everything that one process judges with. Raises RingfenceError."""
        from ringfence.cli.trust_options import load_policy, load_trust
        from ringfence.screen.screen import Screen
        from ringfence.serve.edges import Edges
        from ringfence.serve.fetching import HttpFetcher
        from ringfence.serve.screening import Screening
        from ringfence.serve.verifying import AsyncVerifier
        from ringfence.sip.verdict_answers import Answering
        from ringfence.store.decision_log import DecisionLog
        from ringfence.verify.policy import POLICIES
        from ringfence.verify.replay import ReplayMemory

        settings = self.settings.screen
        known = self.knowledge()
        verifier = None
        if settings.trust:
            named = settings.verification
            rules = load_policy(
                named if named in POLICIES else str(self._config.parent / named), known.policy.country
            )
            self._fetcher = HttpFetcher(self.settings.fetch)
            trust = load_trust([self._config.parent / path for path in settings.trust], None, time.time())
            memory = ReplayMemory(rules.lifetime)
            verifier = AsyncVerifier(self._fetcher, trust, policy=rules, replay=memory)
        try:
            answering = Answering(
                announcement=settings.announcement,
                blocked_url=settings.blocked_url,
                blocked_contact=settings.blocked_contact,
                route_on=settings.route_on,
            )
        except ValueError as error:
            raise ConfigError(f"{self._config}: screen: {error}") from None
        folder = self._path(settings.log)
        return Screening(
            Screen(known),
            Edges(settings, known.policy.country),
            verifier,
            DecisionLog(folder, worker) if folder is not None else None,
            answering,
            self._shared(),
        )

    def stream(self) -> DecisionStream | None:
        """What sends the decision log to NATS, where the settings say so. Raises RingfenceError."""
        from ringfence.cli.decisions import decision_stream, hiding

        settings, folder = self.settings.screen, self._path(self.settings.screen.log)
        if not settings.nats or folder is None:
            return None
        key, region = self._path(settings.nats_key), self.knowledge().policy.country
        hide = hiding(key, self._path(settings.numbers), self._path(settings.allocation), region)
        named = f"{self._config}: screen.nats"
        return decision_stream(
            named, folder, settings.nats, settings.nats_stream, settings.nats_subject, hide
        )

    def _shared(self) -> AsyncSharedCounters | None:
        settings = self.settings.screen
        if not settings.redis:
            return None
        try:
            from ringfence.store.redis_counters import AsyncRedisCounters
        except ModuleNotFoundError:
            raise ConfigError(
                f"{self._config}: screen.redis: the client is missing; pip install 'ringfence[redis]'"
            ) from None
        from ringfence.screen.counters import Counters
        from ringfence.screen.shared_counters import AsyncSharedCounters

        try:
            store = AsyncRedisCounters(settings.redis, timeout=settings.redis_seconds)
        except ConfigError as error:
            raise ConfigError(f"{self._config}: screen.redis: {error}") from None
        return AsyncSharedCounters(Counters(), store)

    def reload(self, screening: Screening) -> str:
        """Policy, tables, trunks and roots as the files have them now."""
        from ringfence.cli.trust_options import load_trust
        from ringfence.serve.edges import Edges

        before, self.settings = self.settings, self._read()
        settings = self.settings.screen
        try:
            known = self.knowledge()
            trust = load_trust([self._config.parent / path for path in settings.trust], None, time.time())
        except Exception:
            self.settings = before
            raise
        if screening.verifier is not None:
            screening.verifier.reload(trust)
        screening.edges = Edges(settings, known.policy.country)
        screening.screen.reload(known)
        return f"reloaded: {known.policy.version}"
