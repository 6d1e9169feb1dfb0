"""What the settings of `ringfence screen` name, read: policy, tables, roots, keys, stores."""

from __future__ import annotations

import time
from collections.abc import Iterable
from pathlib import Path
from typing import TYPE_CHECKING

from ringfence.errors import ConfigError

if TYPE_CHECKING:
    from ringfence.config import Settings
    from ringfence.screen.screen import Knowledge
    from ringfence.screen.shared_counters import AsyncSharedCounters
    from ringfence.serve.decision_stream import DecisionStream
    from ringfence.serve.fetching import HttpFetcher
    from ringfence.serve.screening import Screening
    from ringfence.verify.crl import Crl
    from ringfence.verify.tenants import SigningService
    from ringfence.verify.trust import TrustStore


class ScreenLoader:
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

    def _paths(self, texts: Iterable[str]) -> list[Path]:
        return [self._config.parent / text for text in texts]

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
            known=self._path(settings.known),
            declared=self._path(settings.declared),
        )

    def screening(self, worker: str) -> Screening:
        """Everything that one process judges with. Raises RingfenceError."""
        from ringfence.cli.trust_options import load_policy
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
            memory = ReplayMemory(rules.lifetime)
            verifier = AsyncVerifier(self._fetcher, *self._trust(), policy=rules, replay=memory)
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
            self._signing(),
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

    def _trust(self) -> tuple[TrustStore, list[Crl]]:
        from ringfence.cli.trust_options import load_crl, load_trust

        settings = self.settings.screen
        store = load_trust(
            self._paths(settings.trust),
            self._path(settings.trust_signer),
            time.time(),
            self._paths(settings.crl_signers),
        )
        return store, [load_crl(path) for path in self._paths(settings.crls)]

    def _signing(self) -> SigningService | None:
        from ringfence.cli.signing_options import load_service

        settings = self.settings.screen
        keys, tenants = self._path(settings.keys), self._path(settings.tenants)
        if keys is None or tenants is None:
            return None
        service = load_service(keys, tenants, self._seed(), time.time())
        self._check_tenants(service)
        return service

    def _seed(self) -> str:
        from ringfence.cli.trust_options import read_file

        path = self._path(self.settings.screen.origid_seed)
        if path is None:
            raise ConfigError(
                f"{self._config}: screen.origid_seed: missing; run uuidgen > origid-seed, keep it to "
                'yourself, and write origid_seed = "origid-seed"'
            )
        return read_file(path).decode("ascii", "replace").strip()

    def _check_tenants(self, service: SigningService) -> None:
        for name, trunk in self.settings.screen.trunks.items():
            if trunk.tenant and service.tenant(trunk.tenant) is None:
                raise ConfigError(
                    f"{self._config}: screen.trunks.{name}.tenant: {trunk.tenant!r} is not in "
                    f"{self.settings.screen.tenants}"
                )

    def reload(self, screening: Screening) -> str:
        """Policy, tables, trunks, roots, revocation lists, keys and tenants as the files have them now."""
        from ringfence.serve.edges import Edges

        before, self.settings = self.settings, self._read()
        settings = self.settings.screen
        try:
            known = self.knowledge()
            trusted = self._trust()
            signing = self._signing() if screening.signing is not None else None
        except Exception:
            self.settings = before
            raise
        if screening.verifier is not None:
            screening.verifier.reload(*trusted)
        if screening.signing is not None and signing is not None:
            screening.signing.take_over(signing)
        screening.edges = Edges(settings, known.policy.country)
        screening.screen.reload(known)
        return f"reloaded: {known.policy.version}"
