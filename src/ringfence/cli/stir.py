"""`ringfence stir`: the signing and verification services of ATIS-1000082, beside a switch."""

from __future__ import annotations

import sys
import time
import uuid
from pathlib import Path
from typing import TYPE_CHECKING

import typer

from ringfence.errors import UsageError

if TYPE_CHECKING:
    from ringfence.verify.tenants import SigningService

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
    from ringfence.cli.trust_options import load_crl, load_policy, load_trust
    from ringfence.config import load_settings
    from ringfence.serve.fetching import HttpFetcher
    from ringfence.serve.server import bind, serve
    from ringfence.serve.stir_api import stir_app
    from ringfence.serve.verifying import AsyncVerifier
    from ringfence.verify.replay import ReplayMemory

    now = time.time()
    service = _service(keys, tenants, origid_seed, now)
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


def _service(keys: Path | None, tenants: Path | None, seed: str | None, now: float) -> SigningService | None:
    from ringfence.cli.trust_options import read_file
    from ringfence.verify.rotation import load_ring, parse_key_table
    from ringfence.verify.tenants import SigningService, parse_tenants

    if keys is None and tenants is None:
        return None
    if keys is None or tenants is None:
        raise UsageError("--keys and --tenants go together: what signs, and for whom")
    try:
        # one of this run alone traces nothing back after it
        of_own = uuid.UUID(seed) if seed else uuid.uuid4()
    except ValueError:
        raise UsageError(f"--origid-seed {seed!r:.60}: no UUID; make one with uuidgen and keep it") from None
    if not seed:
        print("ringfence: no --origid-seed: origids change with each start", file=sys.stderr)
    table = parse_key_table(read_file(keys), str(keys))
    ring = load_ring(table, lambda name: read_file(keys.parent / name), now)
    for warning in ring.warnings(now):
        print(f"ringfence: {warning}", file=sys.stderr)
    return SigningService(ring, parse_tenants(read_file(tenants), str(tenants)), of_own)
