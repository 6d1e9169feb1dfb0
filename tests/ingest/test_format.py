from __future__ import annotations

from ringfence.ingest.format import LocalTimes
from ringfence.ingest.formats import formats


def test_formats_whose_times_may_lack_a_zone_take_one() -> None:
    local = {name for name, form in formats().items() if isinstance(form, LocalTimes)}
    assert {"csv", "parquet", "asterisk", "freeswitch-csv", "acc"} <= local
    for name in local:
        form = formats()[name]
        assert isinstance(form, LocalTimes)
        assert form.in_zone("Asia/Tokyo").name == name
