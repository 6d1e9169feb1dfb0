"""Policy: what is done with a call, as a TOML file that a fraud engineer can read aloud.

    base = "gb"                        # a pack: gb, us, fr
    [modes]
    "national number from abroad" = "live"

    [[rule]]
    name = "our trouble trunk"
    when = { trunk = "T7", signal = "protected_identity" }
    action = "block"
    reason = "shows a bank's number"

Rules are asked in their order: a file's own first, then those of its base. docs/reference/policy.md lists
every key. A policy that cannot be understood is refused whole, with its line and what to write.
"""

from __future__ import annotations

import hashlib
from importlib.resources import files
from typing import Annotated

import msgspec

from ringfence.errors import ConfigError
from ringfence.model.counting import Meter
from ringfence.model.verdict import Action, Mode
from ringfence.screen.policy_text import Document, near, read_document
from ringfence.screen.signal import known_names

Texts = str | tuple[str, ...]
Share = Annotated[float, msgspec.Meta(ge=0, le=1)]
Seconds = Annotated[float, msgspec.Meta(gt=0, le=7 * 86_400)]
Status = Annotated[int, msgspec.Meta(ge=400, le=699)]

PACKS = ("gb", "us", "fr")

#: Answers that a rule may give to a refused call; identity.md and the RFCs say where each belongs.
ANSWERS = frozenset({403, 428, 436, 437, 438, 480, 486, 603, 607, 608})


class When(msgspec.Struct, frozen=True, forbid_unknown_fields=True, rename={"not_": "not"}):
    """A condition: all of what is named must hold; of several values of one key any.

    signal: one of these spoke, with at least `strength`. signals: all of these did. caller, called: number
    prefixes in E.164. count: for each meter, more than so many. any: one of these conditions; not: not this.
    *_in: the value is in the list of that name.
    """

    signal: Texts = ()
    strength: Share = 0.0
    signals: tuple[str, ...] = ()
    caller: Texts = ()
    called: Texts = ()
    caller_in: str = ""
    called_in: str = ""
    caller_kind: Texts = ()
    caller_region: Texts = ()
    sector: Texts = ()
    owner: Texts = ()
    ingress: Texts = ()
    trunk: Texts = ()
    trunk_in: str = ""
    account: Texts = ()
    carrier: Texts = ()
    carrier_in: str = ""
    source: Texts = ()
    attestation: Texts = ()
    verstat: Texts = ()
    verdict: Texts = ()
    identity_reason: Texts = ()
    withheld: bool | None = None
    diverted: bool | None = None
    roaming: bool | None = None
    count: dict[str, int] = {}
    any: tuple[When, ...] = ()
    not_: When | None = None


class Rule(msgspec.Struct, frozen=True, forbid_unknown_fields=True, kw_only=True):
    """If `when` holds, `action`. answer, text: SIP status and reason phrase of a refused call. verstat,
    display: marks on a call that goes on. mode: shadow, unless said. approved_by: who agreed to live."""

    name: str
    when: When
    action: Action
    reason: str
    answer: Status | None = None
    text: str = ""
    verstat: str = ""
    display: str = ""
    mode: Mode | None = None
    approved_by: tuple[str, ...] = ()
    source: str = ""


class Exempt(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """Whose calls no rule stops, whatever it says. Each is a fact of the edge or of a verified signature:
    nothing that a caller presents is here.

    emergency_trunks: where emergency services come in, authenticated. trunks: listed ones. verified_sph: an
    emergency centre that calls back, by a token that holds (RFC 9027). after_emergency_seconds: the called
    line rang an emergency number so short a time before."""

    emergency_trunks: tuple[str, ...] = ()
    trunks: tuple[str, ...] = ()
    verified_sph: bool = True
    after_emergency_seconds: Annotated[float, msgspec.Meta(ge=0, le=86_400)] = 3600.0


class MeterRule(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """A counter of the policy's own. per: what is counted apart. distinct: what must differ to count."""

    per: Texts
    seconds: Seconds
    distinct: str = ""


class Policy(msgspec.Struct, frozen=True, forbid_unknown_fields=True, kw_only=True):
    """Everything that a policy file says, its base merged in."""

    name: str = "custom"
    version: str = ""
    country: str = "GB"
    date: str = ""
    source: str = ""
    base: str = ""
    mode: Mode = Mode.SHADOW
    two_people: bool = False
    modes: dict[str, Mode] = {}
    approvals: dict[str, tuple[str, ...]] = {}
    emergency_numbers: tuple[str, ...] = ("999", "112", "911")
    exempt: Exempt = Exempt()
    lists: dict[str, tuple[str, ...]] = {}
    meters: dict[str, MeterRule] = {}
    rule: tuple[Rule, ...] = ()

    def mode_of(self, rule: Rule) -> Mode:
        """In which mode a rule stands: by the table of modes, its own word, or the policy's."""
        return self.modes.get(rule.name) or rule.mode or self.mode

    def approvers(self, rule: Rule) -> frozenset[str]:
        return frozenset(rule.approved_by) | frozenset(self.approvals.get(rule.name, ()))

    def counted(self) -> tuple[Meter, ...]:
        """The policy's meters, each exact as far as a rule asks."""
        most: dict[str, int] = {}
        for rule in self.rule:
            for when in _conditions(rule.when):
                for name, more_than in when.count.items():
                    most[name] = max(most.get(name, 0), more_than + 1)
        return tuple(
            Meter(name, texts(m.per), m.seconds, m.distinct, most=max(most.get(name, 1), 1))
            for name, m in self.meters.items()
            if name in most
        )


#: What a meter may count and tell apart: columns of the attempt, and what is derived of it.
COUNTED = (
    "caller", "called", "network_number", "diverted_from", "trunk", "account", "carrier", "source_ip",
    "user_agent", "fingerprint", "unit", "owner",
)  # fmt: skip


def texts(value: Texts) -> tuple[str, ...]:
    """One or several texts, as several."""
    return (value,) if isinstance(value, str) else value


def _conditions(when: When) -> list[When]:
    found = [when]
    for part in (*when.any, *((when.not_,) if when.not_ is not None else ())):
        found += _conditions(part)
    return found


def read_policy(text: str, where: str) -> Policy:
    """A policy from TOML. where: the file's name, for errors. Raises ConfigError: one line that says which
    line is wrong, why, and what to write."""
    document = read_document(text, where)
    policy = document.convert(Policy)
    if policy.base:
        policy = _on_base(policy, pack(policy.base, document), document)
    _check(policy, document)
    content = msgspec.json.encode(msgspec.structs.replace(policy, version=""), order="deterministic")
    digest = hashlib.sha256(content).hexdigest()[:12]
    label = policy.version or policy.date
    version = f"{policy.name} {label} {digest}".replace("  ", " ")
    return msgspec.structs.replace(policy, version=version)


def pack(name: str, document: Document | None = None) -> Policy:
    """A country's pack. Raises ConfigError for another name."""
    if name not in PACKS:
        fault = f"base {name!r}: no such pack; write one of {', '.join(PACKS)}"
        raise document.fault(fault, "base") if document else ConfigError(fault)
    text = files("ringfence.screen").joinpath("packs", f"{name}.toml").read_text("utf-8")
    read = read_document(text, f"{name}.toml")
    policy = read.convert(Policy)
    _check(policy, read)
    return policy


def _on_base(policy: Policy, base: Policy, document: Document) -> Policy:
    """A file's keys over those of its base; its rules before the base's, which they may replace by name."""
    own = {rule.name for rule in policy.rule}
    given = document.keys
    merged = {field: getattr(policy if field in given else base, field) for field in Policy.__struct_fields__}
    exempt = {
        field: getattr(policy.exempt if field in document.keys_of("exempt") else base.exempt, field)
        for field in Exempt.__struct_fields__
    }
    merged |= {
        "rule": (*policy.rule, *(rule for rule in base.rule if rule.name not in own)),
        "lists": base.lists | policy.lists,
        "meters": base.meters | policy.meters,
        "exempt": Exempt(**exempt),
    }
    return Policy(**merged)


def _check(policy: Policy, document: Document) -> None:
    """What types cannot say."""
    names = [rule.name for rule in policy.rule]
    for table in ("modes", "approvals"):
        for name in getattr(policy, table):
            if name not in names:
                raise document.fault(f"{table}: there is no rule {name!r}{near(name, names)}", name)
    for at, rule in enumerate(policy.rule):
        if names.index(rule.name) != at:
            raise document.fault(f"two rules are named {rule.name!r}; give one another name", rule.name)
        _check_rule(rule, policy, document)
    for name, meter in policy.meters.items():
        for column in (*texts(meter.per), *((meter.distinct,) if meter.distinct else ())):
            if column not in COUNTED:
                hint = near(column, list(COUNTED))
                raise document.fault(f"meter {name}: {column!r} cannot be counted{hint}", column)


def _check_rule(rule: Rule, policy: Policy, document: Document) -> None:
    def fault(text: str, near: str = "") -> ConfigError:
        return document.fault(f"rule {rule.name!r}: {text}", near or rule.name, after=rule.name)

    if rule.answer is not None:
        if rule.action is not Action.BLOCK:
            raise fault(f'answer belongs to action "block", not to "{rule.action}"; leave it out')
        if rule.answer not in ANSWERS:
            known = ", ".join(map(str, sorted(ANSWERS)))
            raise fault(f"answer {rule.answer} is no refusal; write one of {known}")
    if rule.display and rule.action not in (Action.LABEL, Action.ALLOW):
        raise fault('display marks a call that goes on: use it with action = "label"')
    if rule.when == When():
        raise fault("when names no condition, so every call would be hit; name one")
    for when in _conditions(rule.when):
        for name in (*texts(when.signal), *when.signals):
            if name not in known_names():
                raise fault(f"there is no signal {name!r}{near(name, sorted(known_names()))}", name)
        if when.strength and not when.signal:
            raise fault("strength says how strong a signal must be: name the signal", "strength")
        for name in when.count:
            if name not in policy.meters:
                raise fault(f"there is no meter {name!r}{near(name, list(policy.meters))}", name)
        for name in (when.caller_in, when.called_in, when.trunk_in, when.carrier_in):
            if name and name not in policy.lists:
                raise fault(f"there is no list {name!r}{near(name, list(policy.lists))}", name)
    if policy.mode_of(rule) is Mode.LIVE and rule.action is not Action.ALLOW:
        why = "two_people is set" if policy.two_people else ""
        if _whole_trunk(rule.when):
            why = "it stops a whole trunk"
        if why and len(policy.approvers(rule)) < 2:
            raise fault(f'{why}: live needs approved_by = ["one", "another"], two people')


def _whole_trunk(when: When) -> bool:
    """Whether a condition hits a trunk or carrier whatever comes over it."""
    named = {f for f in When.__struct_fields__ if getattr(when, f) != getattr(When(), f)}
    alone = bool(named) and named <= {"trunk", "trunk_in", "carrier", "carrier_in"}
    return alone or "indicator_trunk" in texts(when.signal) or "indicator_trunk" in when.signals
