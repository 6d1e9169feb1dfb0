"""Findings in plain words, for a reader who never saw a call record."""

from __future__ import annotations

import datetime as dt

import msgspec

from ringfence.console import display
from ringfence.store.run import Row, Summary

#: The probability yardstick of UK intelligence assessment (Professional Head of Intelligence Assessment):
#: lower bound of each band. Between two bands the yardstick leaves a gap; its middle is the border here.
_YARDSTICK = (
    (0.925, "almost certain"),
    (0.775, "highly likely"),
    (0.525, "likely"),
    (0.375, "a realistic possibility"),
    (0.225, "unlikely"),
    (0.075, "highly unlikely"),
    (0.0, "a remote chance"),
)

#: What a signal says, for the reader of a report. A signal that is not here shows its name in words.
SIGNALS = {
    "protected_identity": "Presents a number that never calls out, or that nobody was given",
    "undeclared": "The number's owner says that it made no such call",
    "many_owners": "One source presents numbers of several unrelated owners",
    "rare_fingerprint": "A rare shape of call set-up under changing numbers and trunks",
    "owner_switch": "The same person called under different owners within two days",
    "foreign_ingress": "A national number arriving from abroad without proof of roaming",
    "identity_churn": "Many presented numbers over one line or account",
    "long_tail": "Many short calls and some very long ones",
    "owner_callback": "People ring the owner or the fraud line soon after",
    "never_originates": "The number's own network never made this call; strangers ring it back",
    "redial_chain": "Redials, chained calls and withheld follow-ups to the same person",
    "over_capacity": "One number in more calls at once than its line can carry",
    "weak_attestation": "Failed or weak attestation of the caller",
    "human_pacing": "One call at a time, in office hours, down a list",
    "near_report": "Close to complaints or police reports",
    "sim_farm": "Many SIM cards in one place that call out and are hardly called",
}

TIERS = {"likely": "Likely victims", "possible": "Possible victims", "contacted": "Contacted"}

STATUS = {"spoke": "Spoke", "silent": "Silent", "stood_aside": "Stood aside"}

#: Stands under every finding: what it must not be read as.
CAUTIONS = (
    "Findings are attributed to the source of the calls (trunk, account, call shape), never to the owner of "
    "the presented number. Those owners did not make these calls.",
    "A victim's tier says how strong the contact was. It does not say that money was lost.",
    "A score is a probability by this method, not proof. Check the source with its carrier before acting.",
)


def likelihood(value: float | None) -> str:
    """A probability in the words of the yardstick."""
    if value is None:
        return "not known"
    return next(words for bound, words in _YARDSTICK if value >= bound or bound == 0.0)


def signal(name: str) -> str:
    """What a signal says; a name this table does not hold is shown as words."""
    return SIGNALS.get(name) or display.clean(name.replace("_", " ").capitalize(), 60)


def signal_title(name: str) -> str:
    """A signal's name as a label: `Owner switch`."""
    return display.clean(name.replace("_", " ").capitalize(), 60)


class Headline(msgspec.Struct, frozen=True):
    """title: what was found. sentences: the rest of the story, each a plain sentence."""

    title: str
    sentences: list[str]


_SMALL = ("no", "one", "two", "three", "four", "five", "six", "seven", "eight", "nine")


def _number(count: int) -> str:
    return _SMALL[count] if count < len(_SMALL) else f"{count:,}"


def _many(count: int, one: str) -> str:
    return f"{_number(count)} {one}" + ("" if count == 1 else "s")


def headline(summary: Summary, platforms: list[Row]) -> Headline:
    """What was found, in which period, and how sure; or honestly that nothing was."""
    read = display.plural(summary.rows.accepted, "call record")
    when = records_period(summary)
    if not platforms:
        stood_aside = sum(s.status == "stood_aside" for s in summary.signals)
        sentences = [
            f"In {read} of {when} no source made calls that this method would call a spoofing service.",
            "That is not proof that there is none: a service that calls little, looks like its surroundings "
            "or runs outside these records stays unseen.",
        ]
        if stood_aside:
            sentences.append(
                f"{_many(stood_aside, 'signal').capitalize()} stood aside because the records or lists that "
                "they need were missing."
            )
        return Headline("No spoofing service found", sentences)
    counts = summary.counts
    made = "It made" if len(platforms) == 1 else "Together they made"
    likely = counts.victims.likely
    sentences = [
        f"{made} {display.plural(counts.flagged_calls, 'call')} to "
        f"{display.plural(called_numbers(summary), 'number')} in {_many(counts.campaigns, 'campaign')}, "
        f"among {read} of {when}.",
        f"{display.plural(likely, 'called number')} {'is a' if likely == 1 else 'are'} likely "
        f"{'victim' if likely == 1 else 'victims'}"
        + (f" ({rule})" if (rule := summary.tiers.get("likely")) else "")
        + f"; {counts.victims.possible:,} more {'is' if counts.victims.possible == 1 else 'are'} possible.",
        _how_sure(platforms),
    ]
    title = f"{_many(len(platforms), 'spoofing service').capitalize()} found"
    return Headline(title, sentences)


def _how_sure(platforms: list[Row]) -> str:
    by_words: dict[str, int] = {}
    for row in sorted(platforms, key=lambda p: -(p["score"] or 0)):
        words = likelihood(row["score"])
        by_words[words] = by_words.get(words, 0) + 1
    if len(platforms) == 1:
        score = display.score(platforms[0]["score"])
        return f"That it is a spoofing service is {next(iter(by_words))} (score {score})."
    if len(by_words) == 1:
        return f"For each of them, that it is a spoofing service is {next(iter(by_words))}."
    parts = [f"{words} for {_number(count)}" for words, count in by_words.items()]
    return f"That they are spoofing services is {', '.join(parts[:-1])} and {parts[-1]}."


def called_numbers(summary: Summary) -> int:
    """How many different numbers the flagged calls reached."""
    victims = summary.counts.victims
    return victims.likely + victims.possible + victims.contacted


def records_period(summary: Summary) -> str:
    """The period that the records cover: `5 to 18 October 2026`."""
    first, last = (display.parse_moment(text) for text in (summary.period.first, summary.period.last))
    return display.period(first, last, "%B") if first and last else "a period that the records do not tell"


def covers_days(summary: Summary) -> int | None:
    """How many calendar days (UTC) the records touch, or None where the period is not known."""
    first, last = (display.parse_moment(text) for text in (summary.period.first, summary.period.last))
    if first is None or last is None:
        return None
    return (last.date() - first.date() + dt.timedelta(days=1)).days
