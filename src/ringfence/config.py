"""Settings: a TOML file becomes typed, frozen values. docs/reference/settings.md lists every key.

An unknown key is refused rather than ignored: a misspelt threshold would otherwise quietly do nothing.
"""

from __future__ import annotations

import difflib
import hashlib
import ipaddress
import re
import tomllib
from pathlib import Path
from typing import Annotated, Any, Literal

import msgspec

from ringfence.errors import ConfigError

Region = Annotated[str, msgspec.Meta(pattern="^([A-Z]{2}|001)$")]
Memory = Annotated[str, msgspec.Meta(pattern="^[0-9]+ ?([KMGT]i?B)$")]
Count = Annotated[int, msgspec.Meta(ge=1)]
Seconds = Annotated[float, msgspec.Meta(gt=0)]
Share = Annotated[float, msgspec.Meta(ge=0, le=1)]
Octets = Annotated[int, msgspec.Meta(ge=1024)]
Port = Annotated[int, msgspec.Meta(ge=1, le=65535)]


class HuntSettings(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """`[hunt]`. A command-line option of the same name wins over the file."""

    #: ISO 3166 alpha-2 of the country whose national numbers the records hold; 001: none
    region: Region = "GB"
    #: most memory for the engine, such as "6GB"; by default half of the machine's and at most 4 GiB
    memory: Memory | None = None
    #: cores for the engine; by default all
    threads: Count | None = None
    #: a flagged call scores at least this much
    flag_threshold: Share = 0.5
    #: talk with a platform from which a called person is a likely victim
    likely_seconds: Seconds = 300.0
    #: and from which a possible one
    possible_seconds: Seconds = 60.0

    def __post_init__(self) -> None:
        if self.possible_seconds > self.likely_seconds:
            raise ValueError("possible_seconds must not be above likely_seconds")


class FetchSettings(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """`[fetch]`: how certificates are had. docs/reference/fetching.md says why each default is what it is."""

    #: whether http is as good as https; then also on port 80
    allow_http: bool = False
    #: whether an address may have a query (ATIS-1000074: no)
    allow_query: bool = False
    #: ports of a server that may be asked
    ports: tuple[Port, ...] = (443, 8443)
    #: networks that may be asked although they are not on the public internet, such as "127.0.0.0/8"
    allow_networks: tuple[str, ...] = ()
    #: networks never asked although they are public, such as one's own
    deny_networks: tuple[str, ...] = ()
    #: how many redirects in a row are followed (ATIS-1000074: none)
    redirects: Annotated[int, msgspec.Meta(ge=0, le=5)] = 0
    #: the most octets of an answer's body
    limit_bytes: Octets = 65_536
    #: for all of one fetch: waiting for its turn, name, connection, TLS, redirects, answer
    seconds: Seconds = 5.0
    #: a PEM file with the only authorities that servers may be certified by; by default the system's
    ca_file: str | None = None
    #: a folder that keeps answers over restarts; by default none is kept
    cache_dir: str | None = None
    #: the most octets kept there
    cache_bytes: Octets = 268_435_456
    #: the most octets kept in memory
    memory_bytes: Octets = 67_108_864
    #: how long an answer is good that does not say so itself
    default_seconds: Seconds = 86_400.0
    #: and at the least, whatever it says
    least_seconds: Annotated[float, msgspec.Meta(ge=0)] = 60.0
    #: and at the most
    most_seconds: Seconds = 604_800.0
    #: how long after that it still serves while it is being renewed
    renew_seconds: Annotated[float, msgspec.Meta(ge=0)] = 3_600.0
    #: and while it cannot be renewed
    error_seconds: Annotated[float, msgspec.Meta(ge=0)] = 86_400.0
    #: the longest that a failure stands before the server is asked again
    failure_seconds: Seconds = 300.0
    #: fetches under way at a time
    concurrent: Count = 64
    #: and of them from one host
    per_host: Count = 8

    def __post_init__(self) -> None:
        for name in ("allow_networks", "deny_networks"):
            for network in getattr(self, name):
                try:
                    ipaddress.ip_network(network)
                except ValueError as error:
                    raise ValueError(f"{name}: {error}") from None
        if self.least_seconds > self.most_seconds:
            raise ValueError("least_seconds must not be above most_seconds")


class TrunkSettings(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """One of `[screen.trunks]`: whose calls come over it, as the operator knows."""

    #: addresses and networks that it sends from, where it sends to the screen itself
    addresses: tuple[str, ...] = ()
    #: international, national or customer
    ingress: Literal["", "international", "national", "customer"] = ""
    #: upstream operator
    carrier: str | None = None
    #: customer, where the trunk is one customer's
    account: str | None = None
    #: whether its P-Asserted-Identity and Diversion are believed (RFC 3324)
    trusted: bool = False
    #: of `[screen] tenants`: for whom calls that come without a signature are signed
    tenant: str = ""

    def __post_init__(self) -> None:
        for network in self.addresses:
            try:
                ipaddress.ip_network(network)
            except ValueError as error:
                raise ValueError(f"addresses: {error}") from None


class ScreenSettings(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """`[screen]`: what `ringfence screen` judges by and where it answers. Paths are as seen from the file."""

    #: a policy file, or gb, us, fr
    policy: str = "gb"
    #: register of protected numbers
    numbers: str | None = None
    #: who holds which numbers
    allocation: str | None = None
    #: what the hunt found: ringfence indicators keeps it
    indicators: str | None = None
    #: profiles of known platforms: ringfence known save makes it
    known: str | None = None
    #: calls that owners say they made (CSV: number, called, time)
    declared: str | None = None
    #: trusted roots of signatures (PEM or CA list); without any, signatures are not looked at
    trust: tuple[str, ...] = ()
    #: certificate that signs the CA lists among them
    trust_signer: str | None = None
    #: revocation lists (PEM or DER), and the certificates that sign indirect ones
    crls: tuple[str, ...] = ()
    crl_signers: tuple[str, ...] = ()
    #: verification policy: strict, shaken, france, observe, or a file
    verification: str = "shaken"
    #: signing keys that follow each other (TOML)
    keys: str | None = None
    #: who may sign for which numbers (TOML)
    tenants: str | None = None
    #: file with the UUID that origids are derived from
    origid_seed: str | None = None
    #: where SIP is answered: udp:ADDRESS:PORT or tcp:ADDRESS:PORT
    sip: tuple[str, ...] = ("udp:127.0.0.1:5070", "tcp:127.0.0.1:5070")
    #: where HTTP is answered: ADDRESS:PORT, or "" for nowhere
    http: str = "127.0.0.1:8470"
    #: proxies that ask for others: their X-Ringfence fields name the trunk and its facts
    askers: tuple[str, ...] = ("127.0.0.0/8", "::1/128")
    #: what an INVITE gets that comes from no asker and no trunk
    strangers: Literal["refuse", "judge"] = "refuse"
    #: folder of the decision log; none: decisions are not written down
    log: str | None = None
    #: Redis whose counters several screens share: redis://127.0.0.1:6379/0 or unix:///run/redis/redis.sock
    redis: str = ""
    #: seconds that a call waits for it
    redis_seconds: Annotated[float, msgspec.Meta(gt=0, le=1)] = 0.02
    #: NATS server that the decision log is streamed to: nats://127.0.0.1:4222; needs `log`
    nats: str = ""
    #: JetStream stream, made where it is not there
    nats_stream: str = "RINGFENCE_DECISIONS"
    #: subject; the action is put behind it
    nats_subject: str = "ringfence.decisions"
    #: key file: tokens instead of numbers in the stream
    nats_key: str | None = None
    #: processes that share the addresses
    workers: Annotated[int, msgspec.Meta(ge=1, le=256)] = 1
    #: a call that waited longer is answered by rule
    late_seconds: Seconds = 0.5
    #: and that is: pass (route on) or 503
    late: Literal["pass", "503"] = "pass"
    #: answer "no opinion" instead of a redirect where a call is let pass
    route_on: bool = False
    #: SIP URI of the announcement that diverted calls go to
    announcement: str = ""
    #: web address that a caller who was refused can turn to
    blocked_url: str = ""
    #: and a contact: https, mailto, sip or tel
    blocked_contact: str = ""
    #: trunks by name
    trunks: dict[str, TrunkSettings] = {}

    def __post_init__(self) -> None:
        for network in self.askers:
            try:
                ipaddress.ip_network(network)
            except ValueError as error:
                raise ValueError(f"askers: {error}") from None
        if (self.keys is None) != (self.tenants is None):
            raise ValueError("keys: it goes together with tenants: what signs, and for whom")
        for name, trunk in self.trunks.items():
            if trunk.tenant and self.tenants is None:
                raise ValueError(f"trunks.{name}.tenant: there are no keys and tenants to sign with")
        if self.nats and self.log is None:
            raise ValueError("nats: there is no log to stream; set log to a folder")


class Settings(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """Everything that can be set; each part belongs to the room of its name."""

    hunt: HuntSettings = HuntSettings()
    fetch: FetchSettings = FetchSettings()
    screen: ScreenSettings = ScreenSettings()


def load_settings(path: Path | None) -> Settings:
    """The settings in a TOML file; the defaults where `path` is None or a key is left out.

    Raises ConfigError, one line with the file, the key and what to write instead.
    """
    if path is None:
        return Settings()
    try:
        raw = tomllib.loads(path.read_text("utf-8-sig"))
    except OSError as error:
        raise ConfigError(f"{path}: cannot be read ({error.strerror}); check --config") from error
    except UnicodeDecodeError as error:
        raise ConfigError(f"{path}: not UTF-8 at byte {error.start}; save it as UTF-8") from error
    except tomllib.TOMLDecodeError as error:
        raise ConfigError(f"{path}: not TOML: {error}") from error
    _refuse_unknown(path, raw, Settings, ())
    try:
        return msgspec.convert(raw, Settings)
    except msgspec.ValidationError as error:
        text, _, where = str(error).partition(" - at `$")
        key = re.sub(r"[`.\[\]]+", ".", where).strip(".") or "the file"
        raise ConfigError(f"{path}: {key}: {text}; see docs/reference/settings.md") from error


def digest(settings: Settings) -> str:
    """64 hex digits that are equal for equal settings, so that two runs can be told to be alike."""
    return hashlib.sha256(msgspec.json.encode(settings, order="deterministic")).hexdigest()


def _refuse_unknown(
    path: Path, raw: dict[str, Any], kind: type[msgspec.Struct], above: tuple[str, ...]
) -> None:
    """msgspec would name the first unknown key but not the one that was meant."""
    fields = {field.name: field.type for field in msgspec.structs.fields(kind)}
    for key, value in raw.items():
        if key not in fields:
            near = difflib.get_close_matches(key, fields, n=1)
            known = f"did you mean {near[0]}?" if near else f"known here: {', '.join(sorted(fields))}"
            raise ConfigError(f"{path}: {'.'.join((*above, key))}: no such setting; {known}")
        part = fields[key]
        if isinstance(value, dict) and isinstance(part, type) and issubclass(part, msgspec.Struct):
            _refuse_unknown(path, value, part, (*above, key))
