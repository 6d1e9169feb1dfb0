"""`ringfence cert`: look at certificates, judge them, trace them to a root, and issue some for trials."""

from __future__ import annotations

import os
import time
from pathlib import Path
from typing import TYPE_CHECKING, Any

import typer

from ringfence.cli import cert_fetch, cert_lint
from ringfence.errors import UsageError

if TYPE_CHECKING:
    from rich.console import Console

FILES = typer.Argument(
    ...,
    metavar="FILE...",
    help="Certificates and chains (PEM, DER, PKCS #7), revocation lists (PEM, DER), CA lists (JWS).",
)
CHAIN = typer.Argument(..., metavar="FILE", help="A certificate, and what intermediates came with it.")
TRUST = typer.Option(..., "--trust", help="Trusted roots (PEM), or an STI-PA CA list (JWS).", metavar="FILE")
TRUST_SIGNER = typer.Option(
    None, "--trust-signer", help="Certificate that signs the CA list (PEM).", metavar="FILE"
)
CRL = typer.Option(None, "--crl", help="Revocation list (PEM or DER).", metavar="FILE")
CRL_SIGNER = typer.Option(
    None, "--crl-signer", help="Certificate that signs indirect revocation lists (PEM).", metavar="FILE"
)
REQUIRE_CRL = typer.Option(
    False, "--require-crl", help="Refuse what no revocation list of those given speaks for."
)
AT = typer.Option(
    None,
    "--at",
    help="The clock: 2026-03-31T12:00:00Z, or seconds since 1970. [default: now]",
    metavar="TIME",
)
JSON = typer.Option(False, "--json", help="Print one JSON object a line.")
OUT = typer.Option(..., "--out", help="Directory for certificates, keys and lists.", metavar="DIR")
FORCE = typer.Option(False, "--force", help="Replace files of an earlier run in DIR.")


def register(app: typer.Typer) -> None:
    """Add the command group to the application."""
    group = typer.Typer(
        help="Certificates of STIR/SHAKEN: look at them, judge them, trace them, issue some for trials.",
        no_args_is_help=True,
    )
    group.command()(inspect)
    group.command("lint")(cert_lint.lint)
    group.command()(chain)
    group.command("fetch")(cert_fetch.fetch)
    group.command("issue-test")(issue_test)
    app.add_typer(group, name="cert")


def inspect(files: list[Path] = FILES, at: str | None = AT, json: bool = JSON) -> None:
    """Say what certificates, revocation lists and CA lists hold: for whom, for which numbers, until when."""
    from ringfence.cli.trust_options import clock, read_file
    from ringfence.console.inspection import card, read_rows

    now = _now(clock(at))
    console = _console()
    for file in files:
        for row in read_rows(read_file(file), str(file), now):
            if json:
                _print_json(row)
            else:
                console.print(card(row), soft_wrap=True)


def chain(
    file: Path = CHAIN,
    trust: list[Path] = TRUST,
    trust_signer: Path | None = TRUST_SIGNER,
    crl: list[Path] | None = CRL,
    crl_signer: list[Path] | None = CRL_SIGNER,
    require_crl: bool = REQUIRE_CRL,
    at: str | None = AT,
    json: bool = JSON,
) -> int:
    """Trace a certificate to a root, and say of each step whether it holds, and where it breaks and why."""
    from ringfence.cli.trust_options import clock, load_certificates, load_crl, load_trust
    from ringfence.console.chains import chain_card, chain_row

    now = _now(clock(at))
    store = load_trust(trust, trust_signer, now, crl_signer or ())
    crls = [load_crl(path) for path in crl or ()]
    row = chain_row(load_certificates(file), store, now, crls, require_crl=require_crl)
    if json:
        _print_json(row)
    else:
        _console().print(chain_card(row), soft_wrap=True)
    return int(row["verdict"] == "invalid")


def issue_test(out: Path = OUT, force: bool = FORCE, json: bool = JSON) -> None:
    """Issue certificates, revocation lists and a CA list for trials: seven days, for nobody's numbers."""
    from ringfence.verify.authority import LISTS, PURPOSES, issue_test_authority

    files = issue_test_authority(time.time())
    taken = [name for name in files if (out / name).exists()]
    if taken and not force:
        raise UsageError(
            f"{out / taken[0]} is there already; give --force to replace it, or another directory"
        )
    out.mkdir(parents=True, exist_ok=True)
    for name, octets in files.items():
        _write(out / name, octets, 0o600 if name.endswith(".key") else 0o644)
    if json:
        _print_json({"out": str(out), "files": sorted(files)})
        return
    console = _console()
    for name, purpose in {**{f"{name}.pem": p for name, p in PURPOSES.items()}, **LISTS}.items():
        console.print(f"{name:<18} {purpose}", markup=False, soft_wrap=True)
    console.print(
        f"\nNAME.key beside each, NAME-chain.pem beside those that sign. Nothing trusts them: name "
        f"{out / 'root.pem'} where they are to be believed.",
        style="dim",
        markup=False,
    )


def _write(path: Path, octets: bytes, mode: int) -> None:
    # made anew, so that a key never has, not for a moment, the permissions of a file that stood there
    path.unlink(missing_ok=True)
    with os.fdopen(os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, mode), "wb") as file:
        file.write(octets)


def _now(given: float | None) -> float:
    return time.time() if given is None else given


def _console() -> Console:
    from rich.console import Console

    return Console(highlight=False)


def _print_json(row: dict[str, Any]) -> None:
    import msgspec

    print(msgspec.json.encode(row).decode(), flush=True)
