"""What a rule is, which certificates it is about, and from when it is in force."""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable
from typing import Literal

import msgspec

from ringfence.verify.lint.fields import Fields
from ringfence.verify.lint.oids import Policy

Severity = Literal["error", "warn", "notice"]

#: What is wrong with this certificate, in words for a person; None if nothing is.
Check = Callable[[Fields], str | None]

_SEVERITIES: dict[str, Severity] = {"e": "error", "w": "warn", "n": "notice"}


class Rule(msgspec.Struct, frozen=True):
    """A demand of one document on certificates of one kind.

    name: e_, w_ or n_ and words; the public SHAKEN linter's where the rule is the same. source, section: the
    document and the place in it. demands: the demand in one line. on: which certificates it is about. since:
    seconds since 1970; a certificate whose validity begins earlier is not held to it.
    """

    name: str
    source: str
    section: str
    demands: str
    on: Callable[[Fields], bool]
    since: float
    check: Check

    @property
    def severity(self) -> Severity:
        """error: a MUST or shall is broken. warn: a SHOULD. notice: worth knowing."""
        return _SEVERITIES[self.name[0]]

    def fault(self, certificate: Fields) -> str | None:
        """What is wrong by this rule; None where it holds, or is not about this certificate."""
        begins = certificate.not_before.seconds
        if not self.on(certificate) or (begins is not None and begins < self.since):
            return None
        return self.check(certificate)


class Rulebook:
    """The rules of one document, in the order they were written down."""

    def __init__(self, source: str) -> None:
        self.source = source
        self.rules: list[Rule] = []

    def rule(
        self, name: str, section: str, demands: str, on: Callable[[Fields], bool], since: float = 0
    ) -> Callable[[Check], Check]:
        """Add a rule; one function may serve several, such as one for leaf and one for CA certificates."""

        def add(check: Check) -> Check:
            self.rules.append(Rule(name, self.source, section, demands, on, since, check))
            return check

        return add


def any_certificate(certificate: Fields) -> bool:
    """Every certificate."""
    return True


def leaf(certificate: Fields) -> bool:
    """End-entity certificates: those that do not say that they are a CA's."""
    return not certificate.is_ca


def ca(certificate: Fields) -> bool:
    """Root and intermediate certificates."""
    return certificate.is_ca


def intermediate(certificate: Fields) -> bool:
    """CA certificates that another CA issued."""
    return certificate.is_ca and not certificate.is_root


def root(certificate: Fields) -> bool:
    """CA certificates that sign themselves."""
    return certificate.is_root


def below_root(certificate: Fields) -> bool:
    """Every certificate but roots."""
    return not certificate.is_root


def names_policy(certificate: Fields, policy: str) -> bool:
    """Whether the certificate says that it was issued under a policy."""
    return policy in (certificate.policies or ())


def leaf_of_1_3(certificate: Fields) -> bool:
    """End-entity certificates under version 1.3 of the US policy."""
    return not certificate.is_ca and names_policy(certificate, Policy.US_1_3)


def leaf_of_1_4(certificate: Fields) -> bool:
    """End-entity certificates under version 1.4 of the US policy."""
    return not certificate.is_ca and names_policy(certificate, Policy.US_1_4)


def ca_of_1_3(certificate: Fields) -> bool:
    """CA certificates under version 1.3 of the US policy."""
    return certificate.is_ca and names_policy(certificate, Policy.US_1_3)


def ca_of_1_4(certificate: Fields) -> bool:
    """CA certificates under version 1.4 of the US policy."""
    return certificate.is_ca and names_policy(certificate, Policy.US_1_4)


def on(year: int, month: int, day: int, *, grace: int = 0) -> float:
    """The beginning of a day (UTC), or of the day so many days of grace later: seconds since 1970."""
    day_of = dt.datetime(year, month, day, tzinfo=dt.UTC) + dt.timedelta(days=grace)
    return day_of.timestamp()
