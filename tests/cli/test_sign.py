from __future__ import annotations

import json
import time
from email.utils import formatdate
from pathlib import Path
from typing import Any

import pytest
import typer

from ringfence.cli.sign import register
from ringfence.errors import InputError, RingfenceError, UsageError
from ringfence.model.passport import Party, Passport
from ringfence.sip.call import call_of
from ringfence.sip.message import Message, parse
from ringfence.verify.authority import issue_test_authority
from ringfence.verify.passport import parse_token

LONDON, MOBILE, FORWARD = "+442079460123", "+447700900123", "+447700900456"
X5U = "https://certs.example.org/tn.pem"
INVITE = """\
INVITE sip:+447700900123@example.org;user=phone SIP/2.0\r
Via: SIP/2.0/UDP 192.0.2.1;branch=z9hG4bK1\r
From: <sip:+442079460123@example.org>;tag=1\r
To: <sip:+447700900123@example.org>\r
Call-ID: 1@example.org\r
CSeq: 1 INVITE\r
Content-Length: 4\r
\r
body"""


class Run:
    """`ringfence sign` in a folder with a test authority's files."""

    def __init__(self, folder: Path, capfd: pytest.CaptureFixture[str]) -> None:
        self.folder, self.capfd = folder, capfd
        self.app = typer.Typer()
        register(self.app)
        for name, octets in issue_test_authority(time.time()).items():
            (folder / name).write_bytes(octets)

    def file(self, name: str, text: str) -> str:
        (self.folder / name).write_bytes(text.encode())
        return str(self.folder / name)

    def __call__(self, *options: str, signer: str | None = "tn") -> str:
        given = list(options)
        if signer is not None:
            key, cert = (str(self.folder / f"{signer}{end}") for end in (".key", "-chain.pem"))
            given += ["--key", key, "--cert", cert, "--x5u", X5U]
        self.capfd.readouterr()
        self.app(given, standalone_mode=False)
        return self.capfd.readouterr().out

    def passport(self, *options: str) -> Passport:
        return token(self(*options))

    def refused(self, *options: str, **values: Any) -> str:
        with pytest.raises(RingfenceError) as raised:
            self(*options, **values)
        assert "\n" not in str(raised.value)
        return str(raised.value)


def token(value: str) -> Passport:
    passport = parse_token(value.partition(";")[0].strip())
    assert isinstance(passport, Passport), passport
    return passport


@pytest.fixture
def run(tmp_path: Path, capfd: pytest.CaptureFixture[str]) -> Run:
    return Run(tmp_path, capfd)


PARTIES = ("--orig", LONDON, "--dest", MOBILE)


def test_a_shaken_header(run: Run) -> None:
    out = run(*PARTIES, "--attest", "A", "--origid", "7a4cd5d9-0a2f-4b0d-a1d4-6f0e8a0f1c11")
    assert out.endswith(f";info=<{X5U}>;alg=ES256;ppt=shaken\n") and out.count("\n") == 1
    claims = token(out).claims
    assert (claims.attest, claims.origid) == ("A", "7a4cd5d9-0a2f-4b0d-a1d4-6f0e8a0f1c11")
    assert (claims.orig, claims.dest.tn) == (Party(LONDON[1:]), (MOBILE[1:],))
    assert abs(claims.iat - time.time()) < 60


def test_other_types(run: Run) -> None:
    plain = run(*PARTIES, "--dest", FORWARD, "--ppt", "plain")
    assert token(plain).claims.dest.tn == (MOBILE[1:], FORWARD[1:])
    assert run(*PARTIES, "--ppt", "plain", "--compact").startswith("..")
    rich = run.passport(*PARTIES, "--ppt", "rcd", "--rcd-nam", "Example", "--crn", "hello")
    assert (rich.claims.rcd, rich.claims.crn) == ({"nam": "Example"}, "hello")
    both = run.passport(*PARTIES, "--attest", "A", "--rcd-nam", "Example")
    assert (both.ppt, both.claims.rcd) == ("shaken", {"nam": "Example"})
    priority = run(*PARTIES, "--ppt", "rph", "--rph", "ets.0", "--sph", signer="sp")
    assert token(priority).claims.sph == "psap-callback"


def test_national_numbers_are_read(run: Run) -> None:
    claims = run.passport(
        *("--orig", "020 7946 0123", "--dest", "07700 900123", "--region", "GB", "--attest", "B")
    ).claims
    assert (claims.orig.tn, claims.dest.tn) == (LONDON[1:], (MOBILE[1:],))


def test_json(run: Run) -> None:
    row = json.loads(run(*PARTIES, "--attest", "C", "--json"))
    assert row["identity"].startswith(row["token"]) and (row["ppt"], row["x5u"]) == ("shaken", X5U)
    assert row["claims"]["attest"] == "C"
    assert json.loads(run(*PARTIES, "--ppt", "plain", "--compact", "--json"))["claims"] is None


def test_what_the_certificate_does_not_cover_is_not_signed(run: Run) -> None:
    said = run.refused("--orig", "+33199000123", "--dest", MOBILE, "--attest", "A")
    assert "not signed, not_authorised" in said and "33199000123" in said
    said = run.refused(*PARTIES, "--attest", "A", signer="limited")
    assert "not signed, constraint_violated" in said


def test_the_table_says_the_level(run: Run) -> None:
    table = run.file(
        "table.toml",
        'seed = "2f0c1f4e-9d55-4f0e-8f5e-6f2d3a4b5c6d"\n'
        f'[customers.acme]\nnumbers = ["{LONDON}"]\ntrunks = ["t1"]\n',
    )
    first = run.passport(*PARTIES, "--table", table, "--trunk", "t1").claims
    again = run.passport(*PARTIES, "--table", table, "--trunk", "t1").claims
    assert first.attest == "A" and first.origid == again.origid
    other = ("--orig", "+442079460999", "--dest", MOBILE)
    assert run.passport(*other, "--table", table, "--customer", "acme").claims.attest == "B"
    assert run.passport(*PARTIES, "--table", table).claims.attest == "C"
    assert "the table gives B" in run.refused(*other, "--table", table, "--trunk", "t1", "--attest", "A")


def test_an_invite_is_signed_as_it_is(run: Run) -> None:
    path = run.file("invite", INVITE)
    claims = run.passport("--invite", path, "--attest", "A").claims
    assert (claims.orig.tn, claims.dest.tn) == (LONDON[1:], (MOBILE[1:],))
    out = run("--invite", path, "--attest", "A", "--in-place")
    message = parse(out.encode())
    assert isinstance(message, Message) and message.body == b"body" and not message.malformed
    [value] = call_of(message).identity
    assert token(value).claims.attest == "A"
    assert out.replace(f"Identity: {value}\r\n", "") == INVITE


def test_a_compact_token_brings_its_date(run: Run) -> None:
    path = run.file("invite", INVITE)
    out = run("--invite", path, "--ppt", "plain", "--compact", "--in-place", "--iat", str(int(time.time())))
    message = parse(out.encode())
    assert isinstance(message, Message) and message.get("date") and "Identity: .." in out


def test_the_date_of_the_call_is_its_iat(run: Run) -> None:
    dated = INVITE.replace("CSeq", f"Date: {formatdate(time.time() - 20, usegmt=True)}\r\nCSeq")
    claims = run.passport("--invite", run.file("invite", dated), "--attest", "A").claims
    assert 15 < time.time() - claims.iat < 40
    old = INVITE.replace("CSeq", "Date: Sat, 13 Nov 2010 23:29:00 GMT\r\nCSeq")
    assert "the INVITE's Date is" in run.refused("--invite", run.file("old", old), "--attest", "A")


def test_a_forward_gets_its_div(run: Run) -> None:
    signed = run("--invite", run.file("invite", INVITE), "--attest", "A", "--in-place")
    moved = run.file("moved", signed.replace(f"INVITE sip:{MOBILE}", f"INVITE sip:{FORWARD}"))
    div = run.passport("--invite", moved, "--ppt", "div")
    assert (div.claims.div, div.claims.dest.tn) == (Party(MOBILE[1:]), (FORWARD[1:],))
    header = run.file("header", "Identity: " + str(call_of_text(signed)))
    nested = run.passport("--received", header, "--dest", FORWARD, "--ppt", "div-o", "--hi", "1.1")
    assert nested.claims.opt == call_of_text(signed).partition(";")[0]
    by = run.passport("--received", header, "--dest", FORWARD, "--ppt", "div", "--by", MOBILE)
    assert by.claims.div == div.claims.div
    both = run("--invite", moved, "--ppt", "div", "--in-place")
    assert both.count("Identity: ") == 2
    assert "no_identity" in run.refused("--invite", run.file("bare", INVITE), "--ppt", "div")


def call_of_text(text: str) -> str:
    message = parse(text.encode())
    assert isinstance(message, Message)
    return call_of(message).identity[0]


def test_keys_of_a_table(run: Run) -> None:
    table = run.file("keys.toml", f'[[keys]]\nkey = "tn.key"\ncertificate = "tn-chain.pem"\nx5u = "{X5U}"\n')
    assert token(run(*PARTIES, "--attest", "A", "--keys", table, signer=None)).x5u == X5U
    assert "leave out --key" in run.refused(*PARTIES, "--attest", "A", "--keys", table)


@pytest.mark.parametrize(
    ("options", "said"),
    [
        (("--attest", "A"), "--orig and --dest"),
        ((*PARTIES,), "--attest"),
        ((*PARTIES, "--attest", "D"), "A, B or C"),
        ((*PARTIES, "--ppt", "msgi"), "--ppt msgi"),
        ((*PARTIES, "--attest", "A", "--compact"), "--compact"),
        ((*PARTIES, "--attest", "A", "--in-place"), "--in-place"),
        ((*PARTIES, "--attest", "A", "--trunk", "t1"), "--table"),
        ((*PARTIES, "--ppt", "rcd"), "--rcd-nam"),
        ((*PARTIES, "--ppt", "rph"), "--rph"),
        ((*PARTIES, "--ppt", "rcd", "--rcd-nam", "x", "--rcd-icn", "http://a.example/"), "icn"),
        ((*PARTIES, "--ppt", "rcd", "--rcd-nam", "x", "--rcd-content", "x"), "URL=FILE"),
        (("--orig", "nobody at all", "--dest", MOBILE, "--attest", "A"), "no number and no URI"),
        ((*PARTIES, "--dest", FORWARD, "--ppt", "div"), "one number"),
    ],
)
def test_wrong_usage(run: Run, options: tuple[str, ...], said: str) -> None:
    with pytest.raises(UsageError, match=said):
        run(*options)


def test_a_key_is_needed(run: Run) -> None:
    assert "--key, --cert and --x5u" in run.refused(*PARTIES, "--attest", "A", signer=None)
    with pytest.raises(InputError, match="missing"):
        run(*PARTIES, "--attest", "A", "--keys", "missing", signer=None)


def test_what_is_signed_is_verified(run: Run) -> None:
    """The line of the documents: sign, pipe, verify."""
    from ringfence.cli.verify import register as register_verify

    app = typer.Typer()
    register_verify(app)
    root, chain = str(run.folder / "root.pem"), str(run.folder / "tn-chain.pem")
    trusted = ["--trust", root, "--cert", chain, "--json"]
    for name, text in (
        ("header", run(*PARTIES, "--attest", "A")),
        ("invite", run("--invite", run.file("unsigned", INVITE), "--attest", "A", "--in-place")),
    ):
        status = app([run.file(name, text), *trusted], standalone_mode=False)
        row = json.loads(run.capfd.readouterr().out)
        assert (status or 0, row["verdict"], row["attestation"]) == (0, "valid", "A"), row
