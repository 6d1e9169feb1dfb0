"""`ringfence sign`: Identity headers for calls that one carries. It makes headers and places no call."""

from __future__ import annotations

import sys
import time
from typing import TYPE_CHECKING

import typer

from ringfence.errors import RingfenceError, UsageError

if TYPE_CHECKING:
    from typing import Any

    from ringfence.cli.signing_options import Parties
    from ringfence.model.rejected import Rejected
    from ringfence.verify.signer import Signer

KEY = typer.Option(None, "--key", help="Private key on P-256 (PEM).", metavar="FILE")
CERT = typer.Option(None, "--cert", help="Its certificate and the intermediates (PEM).", metavar="FILE")
X5U = typer.Option(None, "--x5u", help="Where the certificate is published.", metavar="URL")
KEYS = typer.Option(None, "--keys", help="Several keys that follow each other (TOML).", metavar="FILE")
ALLOW_HTTP = typer.Option(False, "--allow-http", help="Take an x5u of http, for trials.")
PPT = typer.Option("shaken", "--ppt", help="plain, shaken, div, div-o, rcd or rph.", metavar="TYPE")
ORIG = typer.Option(None, "--orig", help="The calling number or URI.", metavar="NUMBER")
DEST = typer.Option(
    None, "--dest", help="The called number or URI; for div, where it goes now. Repeatable.", metavar="NUMBER"
)
REGION = typer.Option("001", "--region", help="ISO 3166 code that says how national numbers are read.")
IAT = typer.Option(
    None, "--iat", help="Issued at, in seconds since 1970. [default: Date of the INVITE, or now]"
)
ATTEST = typer.Option(None, "--attest", help="A, B or C.", metavar="LEVEL")
ORIGID = typer.Option(
    None, "--origid", help="UUID for tracing the call back. [default: of the table, or random]"
)
TABLE = typer.Option(
    None, "--table", help="Who holds which numbers (TOML): attest comes from it.", metavar="FILE"
)
CUSTOMER = typer.Option("", "--customer", help="The authenticated customer, for --table.", metavar="NAME")
TRUNK = typer.Option("", "--trunk", help="Where the call came in, for --table.", metavar="NAME")
COMPACT = typer.Option(False, "--compact", help="Compact form; plain alone.")
RECEIVED = typer.Option(
    None, "--received", help="For div: the Identity header or token received.", metavar="FILE | -"
)
BY = typer.Option(
    None, "--by", help="For div: who forwards, where the token was for several.", metavar="NUMBER"
)
HI = typer.Option(None, "--hi", help="For div: the index in History-Info.", metavar="INDEX")
RPH = typer.Option(None, "--rph", help="A resource priority such as ets.0. Repeatable.", metavar="VALUE")
SPH = typer.Option(False, "--sph", help="An emergency centre calls back, with --rph.")
NAM = typer.Option(None, "--rcd-nam", help="The caller's name.", metavar="TEXT")
APN = typer.Option("", "--rcd-apn", help="Another number to show.", metavar="NUMBER")
ICN = typer.Option("", "--rcd-icn", help="Address of the caller's image.", metavar="URL")
JCD = typer.Option(None, "--rcd-jcd", help="A jCard to carry (JSON).", metavar="FILE")
JCL = typer.Option("", "--rcd-jcl", help="Address of a jCard.", metavar="URL")
CONTENT = typer.Option(
    None, "--rcd-content", help="What is at an address, to sign its digest. Repeatable.", metavar="URL=FILE"
)
CRN = typer.Option("", "--crn", help="Why the caller calls.", metavar="TEXT")
INVITE = typer.Option(
    None, "--invite", help="An INVITE whose parties are signed; - is standard input.", metavar="FILE | -"
)
IN_PLACE = typer.Option(False, "--in-place", help="Print the INVITE with the header in its place.")
JSON = typer.Option(False, "--json", help="Print one JSON object a header.")


def register(app: typer.Typer) -> None:
    """Add the command to the application."""
    app.command("sign")(sign)


def sign(
    key: str | None = KEY,
    cert: str | None = CERT,
    x5u: str | None = X5U,
    keys: str | None = KEYS,
    allow_http: bool = ALLOW_HTTP,
    ppt: str = PPT,
    orig: str | None = ORIG,
    dest: list[str] | None = DEST,
    region: str = REGION,
    iat: int | None = IAT,
    attest: str | None = ATTEST,
    origid: str | None = ORIGID,
    table: str | None = TABLE,
    customer: str = CUSTOMER,
    trunk: str = TRUNK,
    compact: bool = COMPACT,
    received: str | None = RECEIVED,
    by: str | None = BY,
    hi: str | None = HI,
    rph: list[str] | None = RPH,
    sph: bool = SPH,
    nam: str | None = NAM,
    apn: str = APN,
    icn: str = ICN,
    jcd: str | None = JCD,
    jcl: str = JCL,
    content: list[str] | None = CONTENT,
    crn: str = CRN,
    invite: str | None = INVITE,
    in_place: bool = IN_PLACE,
    as_json: bool = JSON,
) -> None:
    """Make the Identity header of a call that you carry.

    It places no call. A number that the certificate or the table does not cover is not signed.
    """
    from ringfence.cli.signing_options import (
        attested,
        issued_at,
        load_signer,
        read_parties,
        rich_claims,
        with_headers,
    )
    from ringfence.model.passport import PPTS

    ppt = "" if ppt == "plain" else ppt
    if ppt not in PPTS:
        raise UsageError(f"--ppt {ppt}: it is plain, {', '.join(PPTS[1:])}")
    if compact and ppt:
        raise UsageError("--compact: the compact form is for --ppt plain alone (RFC 8225 section 7)")
    if in_place and (invite is None or as_json):
        raise UsageError("--in-place prints an INVITE: give --invite FILE, and leave out --json")
    now = time.time() if iat is None else float(iat)
    div = ppt in ("div", "div-o")
    parties = read_parties(invite, orig, dest or [], region, div)
    signer = load_signer(key, cert, x5u, keys, allow_http, now)
    rich = rich_claims(nam, apn, icn, jcd, jcl, crn, content or [])
    values: list[str | Rejected]
    if div:
        values = _diverted(signer, ppt, parties, received, by, hi, iat, region)
    else:
        when = issued_at(iat, parties.iat, now)
        if ppt == "shaken":
            level, traced = attested(table, customer, trunk, attest, origid, parties.orig)
            values = [signer.shaken(parties.orig, parties.dest, when, level, traced, rich=rich)]
        else:
            values = [_other(signer, ppt, parties, when, rich, rph or [], sph, compact)]
    made = [_made(value) for value in values]
    if in_place:
        date = issued_at(iat, parties.iat, now) if compact and parties.iat is None else None
        sys.stdout.buffer.write(with_headers(parties.octets, made, date))
        sys.stdout.buffer.flush()
        return
    for value in made:
        print(_described(value) if as_json else value)


def _other(
    signer: Signer,
    ppt: str,
    parties: Parties,
    iat: int,
    rich: dict[str, Any] | None,
    rph: list[str],
    sph: bool,
    compact: bool,
) -> str | Rejected:
    if ppt == "rcd":
        if rich is None:
            raise UsageError("--ppt rcd needs a name or a reason: --rcd-nam, or --crn")
        return signer.rcd(parties.orig, parties.dest, iat, rich)
    if ppt == "rph":
        if not rph:
            raise UsageError("--ppt rph needs a priority: --rph VALUE")
        return signer.rph(parties.orig, parties.dest, iat, rph, sph=sph)
    return signer.plain(parties.orig, parties.dest, iat, compact=compact)


def _diverted(
    signer: Signer,
    ppt: str,
    parties: Parties,
    received: str | None,
    by: str | None,
    hi: str | None,
    iat: int | None,
    region: str,
) -> list[str | Rejected]:
    """A div for each chain of the call, to where it goes now."""
    from ringfence.cli.signing_options import read_input
    from ringfence.model.rejected import Rejected
    from ringfence.verify.binding import canonical
    from ringfence.verify.forwarding import to_divert
    from ringfence.verify.passport import parse_token

    headers = list(parties.identity)
    if received is not None:
        lines = read_input(received).decode("utf-8", "replace").splitlines()
        headers = [line.removeprefix("Identity:").strip() for line in lines if line.strip()]
    if len(parties.dest) != 1:
        raise UsageError("a call is diverted to one number: give one --dest")
    by = None if by is None else canonical(by, region) or by
    ends = to_divert(headers)
    if isinstance(ends, Rejected):
        return [ends]
    made: list[str | Rejected] = []
    for value in ends:
        token = value.partition(";")[0].strip()
        if ppt == "div-o":
            made.append(signer.div_o(value, parties.dest[0], iat, by=by, hi=hi))
            continue
        passport = parse_token(token)
        made.append(
            passport
            if isinstance(passport, Rejected)
            else signer.div(passport, parties.dest[0], iat, by=by, hi=hi)
        )
    return made


def _made(value: str | Rejected) -> str:
    if isinstance(value, str):
        return value
    raise RingfenceError(f"not signed, {value.reason}: {value.detail}")


def _described(value: str) -> str:
    """A header as JSON: its value, and what is in it."""
    import msgspec

    from ringfence.model.rejected import Rejected
    from ringfence.sip.identity import parse_identity
    from ringfence.verify.passport import all_claims, is_compact, parse_token

    header = parse_identity(value)
    assert not isinstance(header, Rejected)
    claims = None
    if not is_compact(header.token):
        passport = parse_token(header.token)
        claims = None if isinstance(passport, Rejected) else all_claims(passport.payload)
    row = {
        "identity": value,
        "token": header.token,
        "ppt": header.ppt,
        "x5u": header.info,
        "claims": claims,
    }
    return msgspec.json.encode(row).decode()
