"""`ringfence verify`: tokens, INVITEs and captures, each call's verdict and why."""

from __future__ import annotations

import sys
import time
from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING

import msgspec
import typer

from ringfence.errors import InputError, UsageError

if TYPE_CHECKING:
    from ringfence.model.call import Call

FILES = typer.Argument(
    ..., help="Tokens or Identity headers, INVITEs, captures (pcap, pcapng, HEP); - is standard input.",
    metavar="FILE... | -",
)  # fmt: skip
TRUST = typer.Option(None, "--trust", help="Trusted roots (PEM), or an STI-PA CA list (JWS).", metavar="FILE")
TRUST_SIGNER = typer.Option(
    None, "--trust-signer", help="Certificate that signs the CA list (PEM).", metavar="FILE"
)
CRL = typer.Option(None, "--crl", help="Revocation list (PEM or DER).", metavar="FILE")
CRL_SIGNER = typer.Option(
    None, "--crl-signer", help="Certificate that signs indirect revocation lists (PEM).", metavar="FILE"
)
CERT = typer.Option(
    None, "--cert", help="Certificate, and its chain, used instead of fetching x5u.", metavar="FILE"
)
KEY = typer.Option(
    None, "--key", help="A bare public key (PEM), used instead of a certificate.", metavar="FILE"
)
POLICY = typer.Option(
    "strict", "--policy", help="strict, shaken, france, observe, or a policy file.", metavar="NAME|FILE"
)
REGION = typer.Option(
    None, "--region", help="ISO 3166 code that says how national numbers in SIP headers are read."
)
AT = typer.Option(
    None,
    "--at",
    help="The clock: 2026-03-31T12:00:00Z, or seconds since 1970. [default: now; a capture's own]",
    metavar="TIME",
)
FROM = typer.Option(
    None, "--from", help="The number that the call shows, for a bare token.", metavar="NUMBER"
)
TO = typer.Option(None, "--to", help="The number that the call goes to, for a bare token.", metavar="NUMBER")
SIGNATURE_ONLY = typer.Option(
    False, "--signature-only", help="Look at nothing but the signature: it proves neither caller nor call."
)
CONFIG = typer.Option(None, "--config", help="Settings (TOML); [fetch] says what is fetched.", metavar="FILE")
JSON = typer.Option(False, "--json", help="Print one JSON object a call.")


_WANTED = "give a token, an Identity header, an INVITE or a capture"
MAX_INPUT = 64 << 20  # bytes of standard input or a file that is no capture


def register(app: typer.Typer) -> None:
    """Add the command to the application."""
    app.command("verify")(verify)


def verify(
    files: list[str] = FILES,
    trust: list[Path] | None = TRUST,
    trust_signer: Path | None = TRUST_SIGNER,
    crl: list[Path] | None = CRL,
    crl_signer: list[Path] | None = CRL_SIGNER,
    cert: Path | None = CERT,
    key: Path | None = KEY,
    policy: str = POLICY,
    region: str | None = REGION,
    at: str | None = AT,
    from_: str | None = FROM,
    to: str | None = TO,
    signature_only: bool = SIGNATURE_ONLY,
    config: Path | None = CONFIG,
    as_json: bool = JSON,
) -> int:
    """Say of each call whether it was signed by one entitled to the number it shows, and why not.

    Exit status 1 if any token is invalid.
    """
    from rich.console import Console

    from ringfence.cli.trust_options import clock, credential_source, load_policy
    from ringfence.console.verdicts import call_line, header_lines
    from ringfence.model.verification import Verdict
    from ringfence.verify.replay import ReplayMemory
    from ringfence.verify.verifier import Verifier

    if (from_ is None) != (to is None):
        raise UsageError("--from and --to go together: they say whose call a bare token came with")
    if not (trust or key or signature_only):
        print("ringfence: no --trust: nothing here leads to a trusted root", file=sys.stderr)
    now = clock(at)
    rules = load_policy(policy, region)
    source = credential_source(
        trust or (),
        trust_signer,
        crl or (),
        crl_signer or (),
        cert,
        key,
        config,
        rules,
        signature_only,
        time.time() if now is None else now,
    )
    verifier = Verifier(source, rules, ReplayMemory(rules.lifetime))
    screen = Console(highlight=False, soft_wrap=True)
    failed = False
    for call, when, loose in _calls(files, from_, to):
        then = now if now is not None else when
        verification = verifier.signatures(call, then) if signature_only else verifier.verify(call, then)
        failed |= verification.verdict is Verdict.INVALID
        if as_json:
            row = {"call_id": call.call_id or None} | msgspec.to_builtins(verification)
            print(msgspec.json.encode(row | {"bound": not (loose or signature_only)}).decode(), flush=True)
            continue
        screen.print(call_line(call, verification, bound=not (loose or signature_only)))
        for line in header_lines(verification):
            screen.print(line)
    return int(failed)


def _calls(files: list[str], from_: str | None, to: str | None) -> Iterator[tuple[Call, float, bool]]:
    """Each call, the time it came at, and whether it is a bare token that nothing binds to a call."""
    from ringfence.cli.trust_options import read_file
    from ringfence.ingest.format import Reject
    from ringfence.ingest.invites import is_capture, read_invites
    from ringfence.model.rejected import Rejected
    from ringfence.sip.call import call_of
    from ringfence.sip.message import looks_like_sip, parse

    for name in files:
        if name != "-" and is_capture(Path(name)):
            for item in read_invites(Path(name)):
                if isinstance(item, Reject):
                    print(f"ringfence: {name}: packet {item.position}: {item.reason}", file=sys.stderr)
                else:
                    yield call_of(item.message, item.source), item.time, False
            continue
        data = sys.stdin.buffer.read(MAX_INPUT) if name == "-" else read_file(Path(name))[:MAX_INPUT]
        if looks_like_sip(data):
            message = parse(data)
            if isinstance(message, Rejected):
                raise InputError(f"{name}: not a SIP message: {message.detail}")
            yield call_of(message), time.time(), False
            continue
        lines = [line for line in data.decode("utf-8", "replace").splitlines() if line.strip()]
        if not lines:
            raise InputError(f"{name}: empty; {_WANTED}")
        if b"\0" in data or "\N{REPLACEMENT CHARACTER}" in lines[0]:
            raise InputError(f"{name}: neither text nor a capture; {_WANTED}")
        if lines[0].startswith("-----BEGIN"):
            raise InputError(f"{name}: PEM, and no call; ringfence cert inspect reads certificates")
        for line in lines:
            yield _bare(line.strip(), from_, to), time.time(), from_ is None


def _bare(line: str, from_: str | None, to: str | None) -> Call:
    """A call that carries this token or Identity header, and goes from and to these numbers, or to those that
    the token itself names."""
    from ringfence.model.call import Call
    from ringfence.model.rejected import Rejected
    from ringfence.sip.identity import identity_value, parse_identity
    from ringfence.verify.binding import parties, party
    from ringfence.verify.passport import open_token, read_claims

    if line[:9].lower() == "identity:":
        line = line[9:].strip()
    header = parse_identity(line)
    token = open_token(line if isinstance(header, Rejected) else header.token)
    if isinstance(header, Rejected) or isinstance(token, Rejected):
        return Call(to or "", to or "", from_ or "", identity=(line,))
    if not header.info:
        line = identity_value(header.token, token.x5u, token.ppt)
    if from_ is not None and to is not None:
        return Call(to, to, from_, identity=(line,))
    claims = read_claims(token.payload, token.ppt)
    if isinstance(claims, Rejected):
        return Call(identity=(line,))
    dest = _as_uri(parties(claims.dest)[0])
    return Call(dest, dest, _as_uri(party(claims.orig)), identity=(line,))


def _as_uri(identity: str) -> str:
    return identity if ":" in identity else f"tel:+{identity}"
