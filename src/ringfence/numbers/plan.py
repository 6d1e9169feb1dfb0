"""What a number is: its kind, whether its plan has it, its region and its range holder.

Knowledge comes from three places, the more specific one first: ranges set aside for drama, an allocation
table where one is given, and the plans (the UK's own table, `phonenumbers` for the rest of the world).
"""

from __future__ import annotations

import csv
from functools import lru_cache
from importlib.resources import files

import numpy as np
import phonenumbers
import pyarrow as pa
import pyarrow.compute as pc
from phonenumbers import shortnumberinfo

from ringfence.model.number import Kind
from ringfence.numbers.allocation import Allocation, Integers, Status, Words, allocation_table, decimal_length
from ringfence.numbers.dialling import WORLD, country_code_of, dialling
from ringfence.numbers.world import classify

#: What `facts` returns, one row per number in the order given.
FACTS: pa.Schema = pa.schema(
    [
        pa.field("number", pa.string()),
        pa.field("kind", pa.string()),
        pa.field("valid", pa.bool_()),
        pa.field("region", pa.string()),
        pa.field("operator", pa.string()),
    ]
)

#: Numbers of general use that `phonenumbers` lacks: the UK's bank fraud line (159), spam reports (7726),
#: 105 (power cuts), 1470/1471/1571 and the EU-wide 116 services.
_SHORT_CODES = {"GB": frozenset({"101", "105", "111", "123", "159", "195", "1470", "1471", "1571", "7726"})}

Flags = np.ndarray[tuple[int], np.dtype[np.bool_]]


def facts(numbers: pa.Array, allocation: Allocation | None = None, region: str = "GB") -> pa.Table:
    """Kind, validity, region and range holder of normalised numbers (schema `FACTS`).

    numbers: what `normalise` returns; give distinct ones. region: whose short codes they are. A token or a
    null has null facts. valid: the plan has such a number, drama ranges and the free blocks of an allocation
    table (kind `unallocated`) included; false for short codes, which are not E.164 numbers.
    """
    text = numbers.combine_chunks() if isinstance(numbers, pa.ChunkedArray) else numbers
    text = text.cast(pa.string())
    size = len(text)
    kind: Words = np.full(size, None, dtype=object)
    place: Words = np.full(size, None, dtype=object)
    operator: Words = np.full(size, None, dtype=object)
    valid: Flags = np.zeros(size, dtype=bool)
    global_ = _flags(pc.match_substring_regex(text, r"^\+[1-9]\d{4,14}$"))
    at = np.flatnonzero(global_)
    digits = np.asarray(pc.utf8_slice_codeunits(text.take(pa.array(at)), 1).cast(pa.int64()), dtype=np.int64)
    kind[at], valid[at], place[at], operator[at] = _global_facts(digits, allocation)
    for i in np.flatnonzero(_flags(pc.match_substring_regex(text, r"^\d{1,15}$"))):
        kind[i] = kind_of_short(text[i].as_py(), region).value
        place[i] = dialling(region).region if kind[i] == Kind.SHORT.value else None
    known = pa.array(kind.astype(bool))
    columns = [text, kind, pc.if_else(known, pa.array(valid), None), place, operator]
    return pa.table(columns, schema=FACTS)


def _flags(column: pa.Array) -> Flags:
    found: Flags = column.fill_null(False).to_numpy(zero_copy_only=False)
    return found


def kind_of_short(digits: str, region: str) -> Kind:
    """short where the region has such a code, unknown for the extension of some switchboard."""
    country = dialling(region).region
    if digits in _SHORT_CODES.get(country, ()):
        return Kind.SHORT
    number = phonenumbers.PhoneNumber(dialling(region).country_code, int(digits))
    if country != WORLD and shortnumberinfo.is_valid_short_number_for_region(number, country):
        return Kind.SHORT
    return Kind.UNKNOWN


def _global_facts(digits: Integers, allocation: Allocation | None) -> tuple[Words, Flags, Words, Words]:
    """kind, valid, region and operator of E.164 numbers as integers."""
    code = _country_codes(digits)
    kind, region = _plan_of(digits, code)
    valid: Flags = kind.astype(bool)
    operator: Words = np.full(len(digits), None, dtype=object)
    if allocation is not None and len(allocation):
        rows = allocation.blocks(digits)
        listed = np.flatnonzero(rows >= 0)
        row = rows[listed]
        held = allocation.column("status")[row] == Status.ALLOCATED.value
        operator[listed[held]] = allocation.column("operator")[row[held]]
        # an allocated block makes numbers of its length valid, whatever the metadata says
        fits = _fits(allocation, row, digits[listed], code[listed]) & (code[listed] > 0)
        added = listed[held & fits & ~valid[listed]]
        kind[added] = [_kind_in_plan(int(n)) for n in digits[added]]
        region[added] = [phonenumbers.region_code_for_country_code(int(c)) for c in code[added]]
        # a block that nobody holds leaves the verdict to the plan: tables age, and blocks are handed out
        kind[listed[~held & (fits | valid[listed])]] = Kind.UNALLOCATED.value
        valid[added] = True
    uk = np.flatnonzero(valid & (code == 44) & (kind != Kind.UNALLOCATED.value))
    blocks = uk_plan().blocks(digits[uk])
    kind[uk[blocks >= 0]] = uk_plan().column("type")[blocks[blocks >= 0]]
    # inserted by networks and in no other plan: a table that lists their block as free changes nothing
    network = _is_network(digits, code)
    kind[network], valid[network], region[network] = Kind.NETWORK.value, True, "GB"
    drama = _is_drama(digits, code)
    kind[drama], valid[drama] = Kind.DRAMA.value, True
    region[drama] = [place or phonenumbers.region_code_for_country_code(int(c)) for place, c in
                     zip(region[drama], code[drama], strict=True)]  # fmt: skip
    kind[~kind.astype(bool)] = Kind.INVALID.value
    return kind, valid, region, operator


def _plan_of(digits: Integers, code: Integers) -> tuple[Words, Words]:
    """Kind (None: not in the plan) and region, by the world's plans."""
    kind: Words = np.full(len(digits), None, dtype=object)
    region: Words = np.full(len(digits), None, dtype=object)
    text = pa.array(digits).cast(pa.string())
    for country in np.unique(code[code > 0]).tolist():
        at = np.flatnonzero(code == country)
        national = pc.utf8_slice_codeunits(text.take(pa.array(at)), len(str(country)))
        places, kinds = classify(country, national)
        kind[at] = kinds.to_numpy(zero_copy_only=False)
        region[at] = places.to_numpy(zero_copy_only=False)
    return kind, region


def _country_codes(digits: Integers) -> Integers:
    """The country code of each E.164 integer, 0 where there is none."""
    found = np.zeros(len(digits), dtype=np.int64)
    length = decimal_length(digits)
    for size in (1, 2, 3):
        codes = np.array([0] * 10**size, dtype=np.int64)
        for head in range(10 ** (size - 1), 10**size):
            code = country_code_of(str(head))
            codes[head] = code if code and len(str(code)) == size else 0
        head_of = digits // 10 ** (length - size)
        found = np.where(found > 0, found, codes[head_of])
    return found


def _fits(allocation: Allocation, row: Integers, digits: Integers, code: Integers) -> Flags:
    """Whether a number's length is one that its block has; a block that says none allows any."""
    national = decimal_length(digits) - decimal_length(code)
    mask = allocation.lengths[row]
    return np.asarray((mask == 0) | ((mask >> national) & 1 == 1), dtype=bool)


def _kind_in_plan(number: int) -> str:
    """The kind of a number that only an allocation table knows."""
    row = uk_plan().blocks(np.array([number], dtype=np.int64))[0]
    return str(uk_plan().column("type")[row]) if row >= 0 else Kind.UNKNOWN.value


def _is_network(digits: Integers, code: Integers) -> Flags:
    """UK numbers of ten digits that networks insert and many calls share (uk-plan.csv)."""
    blocks = uk_plan().blocks(digits)
    whole = (code == 44) & (blocks >= 0) & (decimal_length(digits) == 12)
    return np.asarray(whole & (uk_plan().column("type")[blocks] == Kind.NETWORK.value), dtype=bool)


def _is_drama(digits: Integers, code: Integers) -> Flags:
    """Ranges that regulators set aside for film and television, and 555-0100 to 555-0199 in North America."""
    table = drama_ranges()
    rows = table.blocks(digits)
    listed = rows >= 0
    drama = np.zeros(len(digits), dtype=bool)
    drama[listed] = _fits(table, rows[listed], digits[listed], code[listed])
    american = (code == 1) & (decimal_length(digits) == 11) & (digits // 100 % 100000 == 55501)
    return np.asarray(drama | american, dtype=bool)


@lru_cache(maxsize=1)
def uk_plan() -> Allocation:
    """Kinds by prefix: Ofcom, National Telephone Numbering Plan, part A."""
    rows = [
        {"prefix": f"+44{row['prefix']}", "status": Status.ALLOCATED.value, "type": row["kind"]}
        for row in _data("uk-plan.csv")
    ]
    return Allocation(allocation_table(rows))


@lru_cache(maxsize=1)
def drama_ranges() -> Allocation:
    rows = []
    for row in _data("drama.csv"):
        code = country_code_of(row["prefix"])
        digits = int(row["digits"]) - len(str(code))
        rows.append(
            {"prefix": f"+{row['prefix']}", "status": Status.PROTECTED.value, "national_digits": [digits]}
        )
    return Allocation(allocation_table(rows))


def _data(name: str) -> list[dict[str, str]]:
    text = files("ringfence.numbers").joinpath("data", name).read_text("utf-8")
    return list(csv.DictReader(text.splitlines()))
