"""What each presented number is: where it is at home, whose it is, and whether it ever calls by itself.

Everything here is one pass over the coded table (hunt.records) or over something smaller. A number is judged
only to tell what presenting it means; what is accused is always the source that presents it.
"""

from __future__ import annotations

import ibis
import ibis.expr.types as ir
import msgspec
import pandas as pd
import pyarrow as pa
from ibis import _

from ringfence.hunt.records import DAY, TOKEN_BASE, text_to_code
from ringfence.model.engine import Engine
from ringfence.numbers.tokens import is_token

_ENTRY_BITS = 1 << 31
#: Numbers are assigned to firms in blocks: two within one are often one firm's.
_BLOCK = 10_000
#: So many other lines, each with so many calls, make a firm's range of a block's numbers on one entry.
_LINES, _LINE_CALLS = 3, 3
_EVER = -(1 << 62)  # before any call, µs

#: Short codes a frightened person rings: fraud hotline of the banks, police, emergency, spam reports.
HELP_CODES = ("159", "101", "999", "112", "7726", "17", "110", "911")


def who_shows_what(engine: Engine, calls: ir.Table) -> ir.Table:
    """caller (null: withheld), source, n, answered, first, last: each number presented by each source."""
    grouped = calls.group_by("caller", "source")
    return engine.keep(
        grouped.aggregate(
            n=_.count(), answered=_.answered.cast("int64").sum(), first=_.t.min(), last=_.t.max()
        ),
        "pairs",
    )


def usual_homes(engine: Engine, pairs: ir.Table, units: ir.Table) -> ir.Table:
    """caller, total, top (calls from its main entry), main (that entry), entries, first, last."""
    placed = pairs.filter(pairs.caller.notnull()).join(units.select("source", "entry"), "source")
    by_entry = placed.group_by("caller", "entry").aggregate(
        n=_.n.sum(), first=_["first"].min(), last=_["last"].max()
    )
    # the larger count wins, then the lower entry: one integer orders both
    ranked = by_entry.mutate(rank=by_entry.n * _ENTRY_BITS + (_ENTRY_BITS - 2 - by_entry.entry))
    top = ranked.group_by("caller").aggregate(
        total=_.n.sum(), rank=_["rank"].max(), entries=_.count(), first=_["first"].min(), last=_["last"].max()
    )
    exact = (top["rank"] - top["rank"] % _ENTRY_BITS) // _ENTRY_BITS
    return engine.keep(
        top.select(
            "caller",
            "total",
            "entries",
            "first",
            "last",
            top=exact.cast("int64"),
            main=(_ENTRY_BITS - 2 - top["rank"] % _ENTRY_BITS).cast("int64"),
        ),
        "homes",
    )


def _typed(entries: pd.DataFrame) -> pa.Table:
    """Register entries with the types of their columns, also where a column is empty."""
    texts = ("number", "use", "sector")
    schema = pa.schema([(c, pa.string() if c in texts else pa.int64()) for c in entries.columns])
    return pa.Table.from_pandas(entries, schema=schema, preserve_index=False)


def protected_numbers(
    engine: Engine, register: pa.Table, homes: ir.Table, tokens: ir.Table | None = None
) -> tuple[ir.Table | None, list[str]]:
    """code, owner_code (int), use, sector, valid_from, valid_until (µs, exclusive) of the register's numbers,
    and the owners' texts by owner_code; None and no texts where the register is empty.

    `register` is `ringfence.numbers.register.Register.table()`. A prefix covers the presented numbers below
    it while no entry of their own and no longer prefix is in force for them.
    """
    if not register.num_rows:
        return None, []
    frame = register.to_pandas()
    owners = sorted(frame["owner"].fillna("").unique())
    frame["owner_code"] = frame["owner"].fillna("").map({o: i for i, o in enumerate(owners)}).astype("int64")
    for column in ("valid_from", "valid_until"):
        times = pd.to_datetime(frame[column], utc=True)
        micros = times.dt.tz_localize(None).astype("datetime64[us]").astype("int64")
        frame[column] = micros.where(times.notna(), None).astype("Int64")
    exact = frame[~frame["prefix"] & ~frame["number"].map(is_token)].copy()
    exact["code"] = [text_to_code(n) for n in exact["number"]]
    columns = ["code", "owner_code", "use", "sector", "valid_from", "valid_until", "length"]
    exact["length"] = 99
    parts = [engine.upload(_typed(exact[columns]), "register_numbers")]
    hidden = frame[frame["number"].map(is_token)].assign(length=99)
    if tokens is not None and len(hidden):
        known = engine.upload(_typed(hidden[["number", *columns[1:]]]), "register_tokens")
        parts.append(known.join(tokens, known.number == tokens.raw).select(*columns))
    prefixes = frame[frame["prefix"]].copy()
    prefixes["length"] = prefixes["number"].str.len()
    for length, group in prefixes.groupby("length"):
        known = engine.upload(_typed(group[["number", *columns[1:]]]), f"register_prefixes_{length}")
        text = ibis.literal("+") + homes.caller.cast("string")
        named = homes.filter((homes.caller > 0) & (homes.caller < 10**15)).select(
            code=homes.caller, beginning=text.substr(0, int(length))
        )
        parts.append(named.join(known, named.beginning == known.number).select(*columns))
    both = ibis.union(*parts) if len(parts) > 1 else parts[0]
    both = engine.keep(both, "register_entries")
    return engine.keep(_speaking(both).drop("length"), "protected"), owners


def _speaking(entries: ir.Table) -> ir.Table:
    """The entries with the times at which each speaks for its number: the most specific one in force does."""
    counted = entries.mutate(entries=_.count().over(group_by="code"))
    alone = counted.filter(counted.entries == 1).drop("entries")
    several = counted.filter(counted.entries > 1).drop("entries")
    several = several.mutate(since=several.valid_from.fill_null(_EVER))
    # between two days on which an entry begins or ends nothing changes
    days = ibis.union(
        several.select("code", day="since"),
        several.filter(several.valid_until.notnull()).select("code", day="valid_until"),
        distinct=True,
    )
    days = days.mutate(next_day=days.day.lead().over(group_by=days.code, order_by=days.day))
    then = days.join(several, "code")
    then = then.filter((then.since <= then.day) & (then.valid_until.isnull() | (then.valid_until > then.day)))
    then = then.mutate(best=then.length.max().over(group_by=[then.code, then.day]))
    then = then.filter(then.length == then.best)
    then = then.mutate(valid_from=then.day.nullif(_EVER), valid_until=then.next_day)
    return ibis.union(alone, then.select(*alone.columns))


def quiet_numbers(
    engine: Engine,
    calls: ir.Table,
    inbound: ir.Table,
    homes: ir.Table,
    *,
    least_callers: int,
    most_calls: float,
) -> ir.Table:
    """code, n_in, callers_in, total: numbers that many people ring and that hardly call.

    least_callers: different people who ring it. most_calls: calls it makes per call it gets. A number that
    calls from where others of its block are at home is one line of a firm's range, and the firm calls by the
    others: it is not quiet."""
    often = inbound.filter(inbound.n_in >= least_callers)
    both = often.join(homes.select("caller", "total", "main"), often.called == homes.caller)
    rare = engine.keep(
        both.filter(both.total <= both.n_in * most_calls).select("called", "n_in", "total", "main"),
        "seldom_calling",
    )
    # tokens and short codes lie in no block; where no way in is known, nothing calls from the same place
    plain = rare.filter((rare.called > 0) & (rare.called < TOKEN_BASE) & (rare.main >= 0))
    lines = plain.select(line="called", of_main="main", of_block=(plain.called // _BLOCK).cast("int64"))
    range_ = homes.filter(homes.top >= _LINE_CALLS).anti_join(rare, homes.caller == rare.called)
    range_ = range_.mutate(block=(range_.caller // _BLOCK).cast("int64"))
    range_ = range_.group_by("main", "block").aggregate(lines=_.count()).filter(_.lines >= _LINES)
    firms = lines.semi_join(range_, [lines.of_main == range_.main, lines.of_block == range_.block])
    rare = engine.keep(
        rare.anti_join(firms, rare.called == firms.line).select("called", "n_in", "total"), "rarely_calling"
    )
    reached = calls.select("called", "caller").join(rare, "called")
    counted = reached.group_by("called", "n_in", "total").aggregate(callers_in=_.caller.nunique())
    return engine.keep(
        counted.filter(counted.callers_in >= least_callers).rename(code="called"), "quiet_numbers"
    )


def named_numbers(engine: Engine, protected: ir.Table | None, quiet: ir.Table) -> ir.Table:
    """code, owner, use, valid_from, valid_until: numbers that stand for somebody, by the register or learned.

    A learned number is its own owner: minus its code, so that it never meets an owner of the register.
    """
    learned = quiet.select(
        "code",
        owner=(-quiet.code).cast("int64"),
        use=ibis.literal("quiet"),
        valid_from=ibis.null("int64"),
        valid_until=ibis.null("int64"),
    )
    if protected is None:
        return engine.keep(learned, "named")
    known = protected.select(
        "code",
        owner=protected.owner_code.cast("int64"),
        use=protected.use,
        valid_from=protected.valid_from.cast("int64"),
        valid_until=protected.valid_until.cast("int64"),
    )
    return engine.keep(ibis.union(known, learned.anti_join(known, "code")), "named")


class Habit(msgspec.Struct, frozen=True):
    """What makes an entry a place that a number calls from steadily: so many calls from there, a good part of
    all that the number makes, on so many days and on so large a share of the days; or `many_calls` on
    `many_days` of them, since an owner may call from several places. short: the share of the days that is
    enough where the records span few. strangers:
    calls from the entry that show numbers of owners who have no such habit there, for each that shows a
    number of one who has."""

    calls: int = 5
    days: int = 4
    share_of_days: float = 0.25
    share_of_calls: float = 0.3
    many_calls: int = 20
    many_days: float = 0.4
    short: float = 0.55
    strangers: float = 1.0


def settled_numbers(
    engine: Engine, calls: ir.Table, named: ir.Table, units: ir.Table, days: float, habit: Habit
) -> ir.Table:
    """settled, settled_entry: the named numbers that call steadily from an entry, whatever the register says.

    days: that the records span. Whoever answers for a number calls from it day after day from one place; who
    borrows it does so now and then, and from wherever there is a way in. A customer of a spoofing service
    may show his favourite bank for weeks, but where he does, others show other banks. Forwarded calls do not
    count: they come from everywhere."""
    shown = calls.filter(calls.diverted.isnull()).select(
        "caller", "source", day=(calls.t // DAY).cast("int64")
    )
    owners = named.filter(named.use != "quiet").group_by(settled="code").aggregate(owner=_.owner.min())
    shown = shown.semi_join(owners, shown.caller == owners.settled)
    placed = shown.join(units.select("source", "entry"), "source")
    habits = placed.group_by(settled="caller", settled_entry="entry").aggregate(
        n=_.count(), days=_.day.nunique()
    )
    habits = habits.mutate(total=_.n.sum().over(group_by="settled")).join(owners, "settled")
    enough = max(min(float(habit.days), habit.short * days), habit.share_of_days * days)
    # one day shows no habit
    steady = (habits.n >= habit.calls) & (habits.days >= max(2.0, enough))
    mostly = habits.n >= habit.share_of_calls * habits.total
    often = (habits.n >= habit.many_calls) & (habits.days >= max(2.0, habit.many_days * days))
    habits = habits.mutate(steady=((steady & mostly) | often).cast("int64"))
    habits = habits.mutate(at_home=_.steady.max().over(group_by=["settled_entry", "owner"]))
    here = {"group_by": "settled_entry"}
    habits = habits.mutate(
        own=(_.n * _.at_home).sum().over(**here), strange=(_.n * (1 - _.at_home)).sum().over(**here)
    )
    kept = habits.filter((habits.steady == 1) & (habits.strange <= habit.strangers * habits.own))
    return engine.keep(kept.select("settled", "settled_entry"), "settled_numbers")


def calls_for_help(engine: Engine, calls: ir.Table, protected: ir.Table | None) -> ir.Table:
    """person, rang (code), t: people who rang a protected owner or a code for help."""
    codes = pa.table({"rang": pa.array(sorted(text_to_code(c) for c in HELP_CODES), pa.int64())})
    wanted = engine.upload(codes, "help_codes").mutate(sector=ibis.literal("help"))
    if protected is not None:
        known = protected.filter(protected.use != "unallocated").select(
            rang=protected.code, sector=protected.sector
        )
        wanted = ibis.union(wanted, known).distinct()
    wanted = wanted.select("rang").distinct()
    rang = calls.filter(calls.caller.notnull()).join(wanted, calls.called == wanted.rang)
    return engine.keep(rang.select(person=rang.caller, rang=rang.called, t=rang.t), "rings")
