"""Findings in plain words, for a reader who never saw a call record."""

from __future__ import annotations

import datetime as dt
from collections.abc import Sequence

import msgspec

from ringfence.console import display
from ringfence.model.rejection import REASONS
from ringfence.store.run import Row, Summary

#: The one scale of words for probabilities: a word holds from its bound on, up to the next word above it.
#: Bounds are the lower ends of the probability yardstick of UK intelligence assessment (Professional Head of
#: Intelligence Assessment). That leaves gaps between its bands (0.90 to 0.95); here the weaker word holds.
SCALE = (
    (0.95, "almost certain"),
    (0.80, "highly likely"),
    (0.55, "likely"),
    (0.40, "a realistic possibility"),
    (0.25, "unlikely"),
    (0.10, "highly unlikely"),
    (0.0, "a remote chance"),
)

TIERS = {"likely": "Likely victims", "possible": "Possible victims", "contacted": "Contacted"}

STATUS = {"spoke": "Spoke", "silent": "Silent", "stood_aside": "Stood aside"}

#: Stands under every finding: what it must not be read as.
CAUTIONS = (
    "Findings are attributed to the source of the calls (trunk, account, call shape), never to the owner of "
    "the presented number. Those owners did not make these calls.",
    "A victim's tier says how strong the contact was. It does not say that money was lost.",
    "A score is a probability by this method, not proof. Check the source with its carrier before acting.",
)


#: What the words of a report mean, for a reader who has never seen a call record.
GLOSSARY = (
    ("Platform", "calls that share rare things, as one spoofing service leaves them in the records. A "
     "service that shares nothing rare between its parts shows as several platforms."),
    ("Campaign", "calls within a platform that look like the work of one of its paying customers."),
    ("Source", "where calls entered the network: a trunk, and the account on it where that is known."),
    ("Trunk, account, carrier", "the line between two networks, the customer on it, and the operator "
     "that sends calls over it."),
    ("Presented number", "what the called person's telephone showed. Its owner did not make the call."),
    ("Impersonated owner", "whose number was presented, by the register of protected numbers."),
    ("Signal", "one kind of evidence, for example that a source presents numbers of several owners."),
    ("Shape of the call set-up", "how the calling equipment writes its signalling. It stays when the number "
     "changes."),
)  # fmt: skip


def likelihood(value: float | None) -> str:
    """A probability in the words of SCALE; it goes by the two decimals that are shown beside it."""
    if value is None:
        return "not known"
    return next(words for bound, words in SCALE if round(value, 2) >= bound or bound == 0.0)


def scale() -> str:
    """SCALE as a line: `almost certain from 0.95, highly likely from 0.80, …`."""
    named = [f"{words} from {bound:.2f}" for bound, words in SCALE if bound]
    return f"{', '.join(named)}, {SCALE[-1][1]} below"


def rejection(reason: str) -> str:
    """Why rows could not be used, from the stable word of rejected.parquet."""
    known = REASONS.get(reason)
    return known.means if known else display.clean(reason.replace("_", " "), 60)


def rejection_remedy(reason: str) -> str:
    """What a person may do about it; empty where there is nothing."""
    known = REASONS.get(reason)
    return known.remedy if known else ""


class Headline(msgspec.Struct, frozen=True):
    """title: what was found. sentences: the rest of the story, each a plain sentence."""

    title: str
    sentences: list[str]


def in_the_name_of(owners: Sequence[str], most: int = 4) -> str:
    """`In the name of Pennant Bank, Tamar Bank and 3 more.`; empty where no owner is known."""
    if not owners:
        return ""
    named = ", ".join(display.clean(owner, 60) for owner in owners[:most])
    return f"In the name of {named}" + (f" and {len(owners) - most:,} more." if len(owners) > most else ".")


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
    if len(platforms) > 1:
        sentences.append(
            "A platform is what the records show of one service. A service whose parts share nothing rare "
            "shows as several, so there may be fewer services than platforms."
        )
    title = f"{_many(len(platforms), 'spoofing platform').capitalize()} found"
    return Headline(title, sentences)


def _how_sure(platforms: list[Row]) -> str:
    by_words: dict[str, int] = {}
    for row in sorted(platforms, key=lambda p: -(p["score"] or 0)):
        words = likelihood(row["score"])
        by_words[words] = by_words.get(words, 0) + 1
    if len(platforms) == 1:
        score = display.score(platforms[0]["score"])
        return f"That a spoofing service made these calls is {next(iter(by_words))} (score {score})."
    if len(by_words) == 1:
        return f"For each of them, that a spoofing service made its calls is {next(iter(by_words))}."
    parts = [f"{words} for {_number(count)}" for words, count in by_words.items()]
    return f"That a spoofing service made its calls is {', '.join(parts[:-1])} and {parts[-1]}."


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
