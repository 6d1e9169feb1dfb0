"""The world's numbering plans as `phonenumbers` knows them, applied to columns.

Its patterns are plain regular expressions, so Arrow's RE2 runs them over a column: the same verdicts as
`phonenumbers.is_valid_number`, `region_code_for_number` and `number_type`, some hundred times faster.
"""

from __future__ import annotations

from functools import lru_cache
from typing import NamedTuple

import numpy as np
import phonenumbers
import pyarrow as pa
import pyarrow.compute as pc
from phonenumbers import PhoneMetadata

from ringfence.model.number import Kind

#: In the order in which libphonenumber tries them.
_TYPES = (
    ("premium_rate", Kind.PREMIUM),
    ("toll_free", Kind.FREEPHONE),
    ("shared_cost", Kind.NON_GEOGRAPHIC),
    ("voip", Kind.NON_GEOGRAPHIC),
    ("personal_number", Kind.PERSONAL),
    ("pager", Kind.PAGER),
    ("uan", Kind.NON_GEOGRAPHIC),
    ("voicemail", Kind.NON_GEOGRAPHIC),
    ("fixed_line", Kind.GEOGRAPHIC),  # also fixed-or-mobile, where a plan does not tell them apart
    ("mobile", Kind.MOBILE),
)


class _RegionPlan(NamedTuple):
    """RE2 patterns over the national number. leading: decides the region alone where a plan has it."""

    region: str
    leading: str | None
    general: str
    kinds: tuple[tuple[Kind, str], ...]


def classify(country_code: int, national: pa.Array) -> tuple[pa.Array, pa.Array]:
    """Region (ISO 3166, `001` for worldwide services) and kind of national numbers under one country code.

    kind is null for a number that the plan does not have; region then is null too.
    """
    region = np.full(len(national), None, dtype=object)
    kind = np.full(len(national), None, dtype=object)
    where = np.arange(len(national))
    for plan in plans(country_code):
        if len(where) == 0:
            break
        text = national.take(pa.array(where))
        valid = _matches(text, plan.general)
        by_kind = np.full(len(where), None, dtype=object)
        candidates = np.flatnonzero(valid)
        for word, pattern in plan.kinds:
            hit = candidates[_matches(text.take(pa.array(candidates)), pattern)]
            by_kind[hit] = word.value
            candidates = np.setdiff1d(candidates, hit, assume_unique=True)
        known = by_kind.astype(bool)
        taken = _begins(text, plan.leading) if plan.leading else known
        region[where[taken & known]] = plan.region
        kind[where[taken]] = by_kind[taken]
        where = where[~taken]
    return pa.array(region, pa.string()), pa.array(kind, pa.string())


def _matches(text: pa.Array, pattern: str) -> np.ndarray[tuple[int], np.dtype[np.bool_]]:
    hit = pc.match_substring_regex(text, f"^(?:{pattern})$")
    found: np.ndarray[tuple[int], np.dtype[np.bool_]] = hit.to_numpy(zero_copy_only=False)
    return found


def _begins(text: pa.Array, pattern: str) -> np.ndarray[tuple[int], np.dtype[np.bool_]]:
    hit = pc.match_substring_regex(text, f"^(?:{pattern})")
    found: np.ndarray[tuple[int], np.dtype[np.bool_]] = hit.to_numpy(zero_copy_only=False)
    return found


@lru_cache(maxsize=256)
def plans(country_code: int) -> tuple[_RegionPlan, ...]:
    found = []
    for region in phonenumbers.COUNTRY_CODE_TO_REGION_CODE.get(country_code, ()):
        metadata = PhoneMetadata.metadata_for_region_or_calling_code(country_code, region)
        if metadata is None:
            continue
        kinds = tuple(
            (word, pattern) for name, word in _TYPES if (pattern := _pattern(getattr(metadata, name)))
        )
        general = _pattern(metadata.general_desc)
        if general:
            found.append(_RegionPlan(region, metadata.leading_digits, general, kinds))
    return tuple(found)


def _pattern(description: phonenumbers.PhoneNumberDesc | None) -> str | None:
    return description.national_number_pattern if description else None
