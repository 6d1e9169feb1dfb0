"""What a simulated network is made from: every parameter, the named scenarios, and the ranges of the unknown.

A scenario is flat TOML plus one table, `traffic`. Parameters that published sources pin down have no range;
the others are listed in UNKNOWN with the range they are swept over, because nobody outside the services
knows them.
"""

from __future__ import annotations

import datetime as dt
import tomllib
from collections.abc import Iterable
from pathlib import Path

import msgspec
import numpy as np

from ringfence.errors import ConfigError

#: Share of all calls by kind of traffic. Assumptions, except where docs/explanation/simulation.md says more.
TRAFFIC: dict[str, float] = {
    "person": 0.585,  # people calling people, with call-backs
    "inbound_business": 0.10,  # people calling shops, surgeries, help desks
    "pbx": 0.085,  # firms with their own exchange
    "hosted_pbx": 0.030,
    "web_phone": 0.004,
    "cpaas": 0.035,
    "masking": 0.018,  # taxis and couriers behind masked numbers
    "courier": 0.012,
    "call_centre": 0.014,  # outsourced, presents its clients' numbers
    "bank_team": 0.0016,  # genuine fraud teams and their outsourcers
    "survey": 0.008,
    "hospital": 0.010,
    "sales": 0.014,
    "debt": 0.005,
    "switchboard": 0.014,
    "roamer": 0.009,
    "cloud_abroad": 0.006,
    "divert": 0.008,
    "misconfigured": 0.0006,
    "wholesale": 0.025,  # firms behind mixed wholesale trunks
    "gsm_gateway": 0.002,  # many SIMs in one box, innocent
    "machine": 0.003,  # lifts, alarms: SIMs that never move
    "international": 0.012,
    "emergency": 0.001,
}


class Scenario(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """Every parameter of a simulated network. Rates are shares from 0 to 1 unless said otherwise."""

    name: str = "national"
    seed: int = 1
    #: Seed of what a service keeps when it moves: shape, habits, favourite owners. -1: the same as `seed`.
    service_seed: int = -1
    #: 1, or 2 for a later period in the same network: services return on new trunks, with new numbers.
    period: int = 1
    start: str = "2025-11-03"  # a Monday in winter: British time is UTC
    days: int = 14
    subscribers: int = 25_000
    calls_per_subscriber_day: float = 3.7

    # services
    fraud_rate: float = 1e-4  # fraudulent calls per call, at most
    services: list[str] = msgspec.field(
        default_factory=lambda: ["handset", "web_app", "common_shape", "sim_farm"]
    )
    customer_calls: float = 25.0  # mean calls of one paying customer
    protected_share: float = 0.33  # of a service's calls: present an inbound-only number of the register
    unregistered_bank_share: float = 0.16  # present a bank's number that is in no register
    authority_share: float = 0.12  # present police, government or a telecoms company
    neighbour_share: float = 0.4  # of the rest: a number near the called one's
    unallocated_share: float = 0.05  # of the rest: no such number exists
    withheld_share: float = 0.06  # of the rest: withheld
    recontact_rate: float = 0.35  # of hooked victims: called again
    second_owner_rate: float = 0.6  # of re-contacts: under another owner
    redial_rate: float = 0.3  # of dropped or unanswered calls: tried again within minutes
    callback_rate: float = 0.3  # of hooked victims: ring their bank, 159 or 101 afterwards
    stranger_callback_rate: float = 0.12  # of missed calls: the called person rings the presented number
    shared_list_rate: float = 0.25  # of customers: bought a lead list that another one also works
    number_order_rate: float = 0.4  # of lead lists: in number order; the others are alphabetical
    trunks_per_service: int = 5
    retail_trunk_share: float = 0.6  # of a service's trunks: retail SIP accounts
    rewritten_trunk_share: float = 0.2  # mixed wholesale trunks whose border controllers rewrite the shape
    international_trunk_share: float = 0.2  # the rest enter from abroad
    move_at: float = 0.55  # when a service moves to new trunks, as a share of the period; 1: never
    kept_identities: float = 0.5  # of presented numbers kept over the move
    own_account_rate: float = 0.4  # of customers: have a sub-account of their own
    shape_innocents: int = 3  # innocent firms that use the same web phone as a service
    rare_shapes: bool = True  # false: every service uses a common default stack

    # network
    fingerprints: bool = True
    fingerprint_coverage: float = 0.85  # of trunks whose signalling is visible
    address_coverage: float = 1.0  # of these trunks: the record also keeps the signalling address
    account_known_rate: float = 0.8  # of retail accounts named in the record
    carrier_share: float = (
        1.0  # of the resellers, wholesalers and gateways: the fewer, the larger their trunks
    )
    attested_share: float = 0.25  # of carriers that carry attestation
    unique_shape_share: float = 0.4  # of private exchanges with a shape nearly their own
    hidden_trunk_share: float = 0.0  # of trunks whose calls are absent from the records

    # register, owners, reports
    register: bool = True
    register_coverage: float = 0.7  # of protected owners' inbound numbers that the register lists
    stale_rate: float = 0.13  # of calls of genuine teams: present an entry that went stale
    two_bank_rate: float = 0.3  # of people: customers of two banks
    enrolled_share: float = 0.4  # of protected owners that declare their calls
    declared_missing: float = 0.05  # of outsourced calls absent from the owner's log
    report_rate: float = 0.05  # of fraudulent calls that somebody reports
    nuisance_report_rate: float = 0.002  # of sales, survey and debt calls that somebody reports

    traffic: dict[str, float] = msgspec.field(default_factory=lambda: dict(TRAFFIC))

    @property
    def first_day(self) -> dt.datetime:
        """Midnight UTC of the first day; a later period starts twelve weeks later."""
        day = dt.datetime.fromisoformat(self.start).replace(tzinfo=dt.UTC)
        return day + dt.timedelta(weeks=12 * (self.period - 1))

    @property
    def planned_calls(self) -> int:
        return round(self.subscribers * self.days * self.calls_per_subscriber_day)

    @property
    def planned_fraud(self) -> int:
        """Fraudulent calls; kept a little under the rate, since the number of calls varies by the day."""
        return int(0.93 * self.fraud_rate * self.planned_calls)

    def stream(self, *words: object) -> np.random.Generator:
        """A random stream for one purpose: changing one thing leaves the rest as it was."""
        return stream(self.seed, *words)


def stream(seed: int, *words: object) -> np.random.Generator:
    key = " ".join(str(w) for w in words).encode()
    return np.random.default_rng([seed, *key])


#: Parameters that nobody outside the services knows, or that differ from network to network, with the range
#: they are swept over. `random` draws each of them; "log" ranges are drawn on a logarithmic scale.
UNKNOWN: dict[str, tuple[float, float, str]] = {
    "customer_calls": (15, 60, "log"),
    "protected_share": (0.15, 0.6, "linear"),
    "unregistered_bank_share": (0.05, 0.3, "linear"),
    "authority_share": (0.05, 0.2, "linear"),
    "neighbour_share": (0.1, 0.7, "linear"),
    "unallocated_share": (0.0, 0.15, "linear"),
    "withheld_share": (0.0, 0.2, "linear"),
    "recontact_rate": (0.1, 0.6, "linear"),
    "second_owner_rate": (0.3, 0.9, "linear"),
    "redial_rate": (0.1, 0.5, "linear"),
    "callback_rate": (0.1, 0.5, "linear"),
    "stranger_callback_rate": (0.03, 0.25, "linear"),
    "shared_list_rate": (0.0, 0.5, "linear"),
    "number_order_rate": (0.1, 0.8, "linear"),
    "trunks_per_service": (2, 9, "integer"),
    "retail_trunk_share": (0.3, 0.8, "linear"),
    "rewritten_trunk_share": (0.05, 0.4, "linear"),
    "international_trunk_share": (0.05, 0.4, "linear"),
    "move_at": (0.3, 1.0, "linear"),
    "kept_identities": (0.2, 0.9, "linear"),
    "own_account_rate": (0.0, 0.9, "linear"),
    "shape_innocents": (0, 12, "integer"),
    "fingerprint_coverage": (0.5, 1.0, "linear"),
    "address_coverage": (0.1, 1.0, "linear"),
    "account_known_rate": (0.0, 1.0, "linear"),
    "carrier_share": (0.2, 1.0, "linear"),
    "attested_share": (0.0, 0.6, "linear"),
    "unique_shape_share": (0.15, 0.6, "linear"),
    "register_coverage": (0.4, 0.95, "linear"),
    "stale_rate": (0.04, 0.3, "linear"),
    "two_bank_rate": (0.15, 0.5, "linear"),
    "enrolled_share": (0.0, 0.7, "linear"),
    "declared_missing": (0.01, 0.15, "linear"),
    "report_rate": (0.01, 0.12, "log"),
}

#: Named scenarios: what differs from the defaults, and one line on what each is for.
NAMED: dict[str, tuple[str, dict[str, object]]] = {
    "national": ("all services, all look-alikes, at most one call in 10,000 fraudulent", {}),
    "small": (
        "some 100,000 calls in a few seconds, with more fraud than in life",
        {"subscribers": 4000, "days": 7, "fraud_rate": 2e-3},
    ),
    "quiet": ("no fraud at all: whatever is found is false", {"services": [], "fraud_rate": 0.0}),
    "no_fingerprints": ("the records hold no signalling shapes", {"fingerprints": False}),
    "no_register": ("no register of protected numbers exists", {"register": False}),
    "hidden_trunks": ("a fifth of the trunks left no records", {"hidden_trunk_share": 0.2}),
    "sim_farm": (
        "the services have moved to SIM farms",
        {"services": ["sim_farm", "sim_farm"], "report_rate": 0.05},
    ),
    "common_shape": ("services behind common default stacks only", {"rare_shapes": False}),
    "returning": ("twelve weeks later, in the same network: services return on new trunks", {"period": 2}),
    "random": ("every unknown parameter drawn from its range by the seed", {}),
}

SERVICES = ("handset", "web_app", "common_shape", "sim_farm")


def build(
    name: str | None = None,
    file: Path | None = None,
    settings: Iterable[str] = (),
    **options: int | None,
) -> Scenario:
    """A scenario from its name or TOML file, then `key=value` settings, then the command's own options.

    Raises ConfigError for an unknown name or key, or a value of the wrong type or out of range.
    """
    values: dict[str, object] = {}
    if file is not None:
        values = _read(file)
    base = name or str(values.get("name", "national"))
    if file is None or base in NAMED:
        if base not in NAMED:
            raise ConfigError(f"no scenario is called {base!r}; choose from {', '.join(NAMED)}")
        values = {"name": base, **NAMED[base][1], **values}
    given: dict[str, object] = {key: value for key, value in options.items() if value is not None}
    for setting in settings:
        key, sep, text = setting.partition("=")
        if not sep:
            raise ConfigError(f"--set {setting!r}: write key=value")
        _assign(given, key.strip(), _value(text.strip()))
    if base == "random" and "drawn" not in values:
        seed = int(str(given.get("seed", values.get("seed", 1))))
        values = {**draw_unknown(seed), **values}
    traffic = {
        **TRAFFIC,
        **_table(values.pop("traffic", {}), "traffic"),
        **_table(given.pop("traffic", {}), "traffic"),
    }
    return _checked({**values, **given, "traffic": traffic})


def draw_unknown(seed: int) -> dict[str, object]:
    """Each unknown parameter from its range. Shares that must not exceed 1 together stay within it."""
    rng = stream(seed, "unknown parameters")
    drawn: dict[str, object] = {}
    for key, (low, high, scale) in UNKNOWN.items():
        if scale == "integer":
            drawn[key] = int(rng.integers(int(low), int(high) + 1))
        elif scale == "log":
            drawn[key] = round(float(np.exp(rng.uniform(np.log(low), np.log(high)))), 4)
        else:
            drawn[key] = round(float(rng.uniform(low, high)), 4)
    return drawn


def dump(scenario: Scenario) -> str:
    """The scenario as TOML that `--scenario FILE` reads back to the same network."""
    lines = ["# Everything needed to make this network again: ringfence simulate --scenario scenario.toml"]
    values = msgspec.structs.asdict(scenario)
    traffic = values.pop("traffic")
    lines += [f"{key} = {_toml(value)}" for key, value in values.items()]
    lines += ["", "[traffic]", *(f"{key} = {_toml(value)}" for key, value in traffic.items())]
    return "\n".join(lines) + "\n"


def _read(file: Path) -> dict[str, object]:
    try:
        return dict(tomllib.loads(file.read_text(encoding="utf-8")))
    except FileNotFoundError:
        raise ConfigError(f"{file}: no such scenario file, and no scenario has that name") from None
    except (OSError, UnicodeDecodeError, tomllib.TOMLDecodeError) as error:
        raise ConfigError(f"{file}: cannot be read as TOML: {error}") from None


def _value(text: str) -> object:
    try:
        return tomllib.loads(f"v = {text}")["v"]
    except tomllib.TOMLDecodeError:
        return text  # a bare word is a string


def _assign(given: dict[str, object], key: str, value: object) -> None:
    table, dot, inner = key.partition(".")
    if dot:
        _table(given.setdefault(table, {}), table)[inner] = value
    else:
        given[key] = value


def _table(value: object, key: str) -> dict[str, object]:
    if not isinstance(value, dict):
        raise ConfigError(f"scenario: {key} must be a table of kind = share")
    return value


def _toml(value: object) -> str:
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, str):
        return f'"{value}"'
    if isinstance(value, list):
        return "[" + ", ".join(_toml(v) for v in value) + "]"
    return repr(value)


def _checked(values: dict[str, object]) -> Scenario:
    names = set(Scenario.__struct_fields__)
    for key in values:
        if key not in names:
            raise ConfigError(f"scenario: unknown key {key!r}; docs/reference/simulate.md lists the keys")
    try:
        made = msgspec.convert(values, Scenario)
        dt.date.fromisoformat(made.start)
    except (msgspec.ValidationError, ValueError) as error:
        raise ConfigError(f"scenario: {error}") from None
    for kind in made.traffic:
        if kind not in TRAFFIC:
            raise ConfigError(f"scenario: unknown kind {kind!r} in traffic; the kinds: {', '.join(TRAFFIC)}")
    for service in made.services:
        if service not in SERVICES:
            raise ConfigError(f"scenario: unknown service {service!r}; choose from {', '.join(SERVICES)}")
    for key, value in msgspec.structs.asdict(made).items():
        share = key.endswith(("_share", "_rate", "_coverage", "_missing")) or key in (
            "move_at",
            "kept_identities",
        )
        if share and not 0 <= value <= 1:
            raise ConfigError(f"scenario: {key} = {value} must be from 0 to 1")
    for key in ("days", "subscribers", "period", "calls_per_subscriber_day", "customer_calls"):
        if getattr(made, key) <= 0:
            raise ConfigError(f"scenario: {key} must be more than 0")
    if made.subscribers < 1000:
        raise ConfigError("scenario: subscribers must be at least 1000, or the look-alikes do not fit in")
    if made.protected_share + made.unregistered_bank_share + made.authority_share > 1:
        raise ConfigError("scenario: protected, unregistered_bank and authority shares exceed 1 together")
    return made
