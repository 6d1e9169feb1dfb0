"""What `ringfence sign` signs, and with what: its options as values."""

from __future__ import annotations

import json
import sys
import uuid
from pathlib import Path
from typing import TYPE_CHECKING, Any

import msgspec

from ringfence.errors import InputError, UsageError

if TYPE_CHECKING:
    from ringfence.model.call import Call
    from ringfence.verify.rotation import KeyRing
    from ringfence.verify.signer import Signer
    from ringfence.verify.tenants import SigningService

#: A Date further from now than this is not that of a call that begins (RFC 8224 section 6.1).
FRESH = 60.0
MAX_INPUT = 1 << 20


class Parties(msgspec.Struct, frozen=True):
    """Who calls whom. orig, dest: canonical. iat: of the call's Date, None without. identity: the headers
    that the call has. octets: the INVITE, b"" without."""

    orig: str
    dest: tuple[str, ...]
    iat: int | None = None
    identity: tuple[str, ...] = ()
    octets: bytes = b""


def read_input(name: str) -> bytes:
    """A file, or standard input for -. Raises InputError."""
    if name == "-":
        return sys.stdin.buffer.read(MAX_INPUT)
    try:
        return Path(name).read_bytes()[:MAX_INPUT]
    except OSError as error:
        raise InputError(f"{name}: cannot be read ({error.strerror}); check the path") from error


def load_signer(
    key: str | None, cert: str | None, x5u: str | None, keys: str | None, allow_http: bool, now: float
) -> Signer:
    """The key that signs. Raises UsageError, ConfigError or InputError, one line."""
    from ringfence.model.rejected import Rejected
    from ringfence.verify.rotation import load_ring, parse_key_table
    from ringfence.verify.signer import Signer

    if keys is not None:
        if key or cert or x5u:
            raise UsageError("--keys holds key, certificate and x5u; leave out --key, --cert and --x5u")
        folder = Path(keys).parent
        table = parse_key_table(read_input(keys), keys)
        ring = load_ring(table, lambda name: read_input(str(folder / name)), now)
        for line in ring.warnings(now):
            print(f"ringfence: {keys}: {line}", file=sys.stderr)
        signer = ring.at(now)
        if isinstance(signer, Rejected):
            raise UsageError(f"{keys}: {signer.detail}")
        return signer
    if not (key and cert and x5u):
        raise UsageError("give --key, --cert and --x5u, or --keys with a table of them")
    return Signer(read_input(key), read_input(cert), x5u, now=now, allow_http=allow_http)


def load_keys(keys: Path, now: float) -> KeyRing:
    """The keys of a table. Raises ConfigError or InputError."""
    from ringfence.cli.trust_options import read_file
    from ringfence.verify.rotation import load_ring, parse_key_table

    ring = load_ring(parse_key_table(read_file(keys), str(keys)), lambda n: read_file(keys.parent / n), now)
    for warning in ring.warnings(now):
        print(f"ringfence: {warning}", file=sys.stderr)
    return ring


def load_service(keys: Path | None, tenants: Path | None, seed: str | None, now: float) -> SigningService:
    """What signs, for whom. seed: a UUID. Raises UsageError, ConfigError or InputError."""
    from ringfence.cli.trust_options import read_file
    from ringfence.verify.tenants import SigningService, parse_tenants

    if keys is None or tenants is None:
        raise UsageError("--keys and --tenants go together: what signs, and for whom")
    try:
        # one of this run alone traces nothing back after it
        of_own = uuid.UUID(seed) if seed else uuid.uuid4()
    except ValueError:
        raise UsageError(f"--origid-seed {seed!r:.60}: no UUID; make one with uuidgen and keep it") from None
    if not seed:
        print("ringfence: no --origid-seed: origids change with each start", file=sys.stderr)
    return SigningService(load_keys(keys, now), parse_tenants(read_file(tenants), str(tenants)), of_own)


def read_parties(invite: str | None, orig: str | None, dest: list[str], region: str, div: bool) -> Parties:
    """Caller and called of the options, else of an INVITE. div: the called party is where the call goes now.
    Raises UsageError or InputError."""
    from ringfence.verify.binding import canonical

    call, octets = read_invite(invite) if invite is not None else (None, b"")
    found = Parties("", ()) if call is None else _of_call(call, octets, region, div, not orig, not dest)
    named = []
    for text in [*([orig] if orig else []), *dest]:
        identity = canonical(text, region)
        if not identity:
            raise UsageError(f"{text!r:.60}: no number and no URI; write +442079460123 or sip:me@example.org")
        named.append(identity)
    first = named.pop(0) if orig else found.orig
    last = tuple(named) if dest else found.dest
    if (not first and not div) or not last:
        raise UsageError("give --orig and --dest, or an INVITE that shows them (--invite FILE)")
    return msgspec.structs.replace(found, orig=first, dest=last)


def read_invite(name: str) -> tuple[Call, bytes]:
    """An INVITE as a call, and its octets. Raises InputError."""
    from ringfence.model.rejected import Rejected
    from ringfence.sip.call import call_of
    from ringfence.sip.message import parse

    octets = read_input(name)
    message = parse(octets)
    if isinstance(message, Rejected) or message.method != "INVITE":
        said = message.detail if isinstance(message, Rejected) else f"a {message.method or 'response'}"
        raise InputError(f"{name}: no INVITE: {said}")
    return call_of(message), octets


def _of_call(call: Call, octets: bytes, region: str, div: bool, need_orig: bool, need_dest: bool) -> Parties:
    from ringfence.verify.binding import Sides
    from ringfence.verify.opening import seconds

    sides = Sides(call, region, True)
    date = seconds(call.date)
    if need_orig and not div and (sides.anonymous or not sides.callers[0]):
        raise UsageError("the INVITE shows no caller; say whose number it is with --orig")
    if need_dest and not div and sides.first != sides.target:
        raise UsageError(
            f"To ({sides.first or 'nobody'}) and Request-URI ({sides.target or 'nobody'}) name two parties; "
            "say --dest, or --ppt div if the call was forwarded"
        )
    return Parties(
        sides.callers[0],
        (sides.target,) if sides.target else (),
        None if date is None else int(date),
        call.identity,
        octets,
    )


def issued_at(iat: int | None, dated: int | None, now: float) -> int:
    """--iat, else the call's Date, else now. Raises UsageError for a Date of another time."""
    if iat is not None:
        return iat
    if dated is None:
        return int(now)
    if abs(dated - now) > FRESH:
        raise UsageError(f"the INVITE's Date is {abs(dated - now):.0f} s from now; remove it, or give --iat")
    return dated


def attested(
    table: str | None, customer: str, trunk: str, attest: str | None, origid: str | None, orig: str
) -> tuple[str, str]:
    """Level and origid, from the table where there is one: no option goes beyond it. Raises UsageError."""
    import uuid

    from ringfence.verify.attestation import parse_attestation

    if attest is not None and attest not in ("A", "B", "C"):
        raise UsageError(f"--attest {attest}: it is A, B or C")
    if table is None:
        if customer or trunk:
            raise UsageError("--customer and --trunk are looked up in a table; give --table FILE")
        if attest is None:
            raise UsageError("say what is known of the caller: --attest A, B or C, or --table FILE")
        return attest, origid or str(uuid.uuid4())
    told = parse_attestation(read_input(table), table).attest(orig, customer=customer, trunk=trunk)
    if attest is not None and attest < told.level:
        raise UsageError(f"--attest {attest}: the table gives {told.level} ({told.why})")
    return attest or told.level, origid or told.origid


def rich_claims(
    nam: str | None, apn: str, icn: str, jcd: str | None, jcl: str, crn: str, contents: list[str]
) -> dict[str, Any] | None:
    """The claims of rich call data; None where no option asks for them. Raises UsageError."""
    from ringfence.model.rejected import Rejected
    from ringfence.verify.rcd import build_rich

    if nam is None and not (apn or icn or jcd or jcl or crn):
        return None
    held: dict[str, bytes] = {}
    for pair in contents:
        url, equals, name = pair.rpartition("=")
        if not equals:
            raise UsageError(f"--rcd-content {pair:.60}: write URL=FILE")
        held[url] = read_input(name)
    card = None
    if jcd is not None:
        try:
            card = json.loads(read_input(jcd))
        except (ValueError, RecursionError) as error:
            raise InputError(f"{jcd}: no JSON: {error}") from error
    rich = build_rich(nam=nam, apn=apn, icn=icn, jcd=card, jcl=jcl, crn=crn, contents=held)
    if isinstance(rich, Rejected):
        raise UsageError(f"rich call data: {rich.detail}")
    return rich


def with_headers(octets: bytes, values: list[str], date: int | None) -> bytes:
    """An INVITE with Identity headers added after those it has, and a Date where one is given."""
    from email.utils import formatdate

    end = b"\r\n" if octets.partition(b"\n")[0].endswith(b"\r") else b"\n"
    head, blank, body = octets.partition(end + end)
    lines = [f"Identity: {value}" for value in values]
    if date is not None:
        lines.insert(0, f"Date: {formatdate(date, usegmt=True)}")
    added = b"".join(line.encode() + end for line in lines)
    return head.rstrip(b"\r\n") + end + added + (blank[len(end) :] or end) + body
