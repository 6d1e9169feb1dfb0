"""`ringfence stir`: the signing and verification services of ATIS-1000082, beside a switch."""

from __future__ import annotations

import sys
import time
from pathlib import Path

import typer

from ringfence.errors import UsageError

TRUST = typer.Option(None, "--trust", help="Trusted roots (PEM), or an STI-PA CA list (JWS).", metavar="FILE")
TRUST_SIGNER = typer.Option(
    None, "--trust-signer", help="Certificate that signs the CA list (PEM).", metavar="FILE"
)
CRL = typer.Option(None, "--crl", help="Revocation list (PEM or DER).", metavar="FILE")
CRL_SIGNER = typer.Option(
    None, "--crl-signer", help="Certificate that signs indirect revocation lists (PEM).", metavar="FILE"
)
POLICY = typer.Option(
    "shaken", "--policy", help="strict, shaken, france, observe, or a policy file.", metavar="NAME|FILE"
)
REGION = typer.Option(None, "--region", help="ISO 3166 code that says how national numbers are read.")
KEYS = typer.Option(None, "--keys", help="Signing keys that follow each other (TOML).", metavar="FILE")
TENANTS = typer.Option(None, "--tenants", help="Who may sign for which numbers (TOML).", metavar="FILE")
SEED = typer.Option(
    None, "--origid-seed", help="A UUID of your own, kept to yourself: origids come from it.", metavar="UUID"
)
CONFIG = typer.Option(None, "--config", help="Settings (TOML); [fetch] says what is fetched.", metavar="FILE")
PORT = typer.Option(8480, min=1, max=65535, help="Port on 127.0.0.1; the next free one if it is taken.")


def register(app: typer.Typer) -> None:
    """Add the command to the application."""
    app.command("stir")(stir)


def stir(
    trust: list[Path] | None = TRUST,
    trust_signer: Path | None = TRUST_SIGNER,
    crl: list[Path] | None = CRL,
    crl_signer: list[Path] | None = CRL_SIGNER,
    policy: str = POLICY,
    region: str | None = REGION,
    keys: Path | None = KEYS,
    tenants: Path | None = TENANTS,
    origid_seed: str | None = SEED,
    config: Path | None = CONFIG,
    port: int = PORT,
) -> None:
    """Sign and verify for a switch over HTTP, as ATIS-1000082 has it, on this machine alone. Ctrl-C stops.

    With --trust it verifies; with --keys and --tenants it signs.
    """
    from ringfence.cli.signing_options import load_service
    from ringfence.cli.trust_options import load_crl, load_policy, load_trust
    from ringfence.config import load_settings
    from ringfence.serve.fetching import HttpFetcher
    from ringfence.serve.server import bind, serve
    from ringfence.serve.stir_api import stir_app
    from ringfence.serve.verifying import AsyncVerifier
    from ringfence.verify.replay import ReplayMemory

    now = time.time()
    service = load_service(keys, tenants, origid_seed, now) if keys or tenants else None
    if not trust and service is None:
        raise UsageError("nothing to do: --trust to verify, --keys and --tenants to sign")
    rules = load_policy(policy, region)
    store = load_trust(trust or (), trust_signer, now, crl_signer or ())
    lists = [load_crl(path) for path in crl or ()]
    with HttpFetcher(load_settings(config).fetch) as fetcher:
        verifier = (
            AsyncVerifier(fetcher, store, lists, policy=rules, replay=ReplayMemory(rules.lifetime))
            if trust
            else None
        )
        listener = bind(port)
        if (free := listener.getsockname()[1]) != port:
            print(f"Port {port} is taken; using {free}.", file=sys.stderr)
        does = " and ".join(word for word, part in (("signs", service), ("verifies", verifier)) if part)

        def ready(address: str) -> None:
            print(f"{address}stir/v1 {does} (this machine only). Ctrl-C stops.", file=sys.stderr, flush=True)

        serve(stir_app(verifier, service), listener, ready=ready)
