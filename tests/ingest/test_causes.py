from __future__ import annotations

import datetime as dt

import pyarrow as pa

from ringfence.ingest.causes import BY_CAUSE, BY_NAME, answered_is_200


def test_causes_map_as_rfc_3398_says() -> None:
    assert (BY_CAUSE["17"], BY_CAUSE["1"], BY_CAUSE["34"], BY_CAUSE["16"]) == (486, 404, 503, "")
    assert BY_NAME["ORIGINATOR_CANCEL"] == 487


def test_an_answered_call_is_200_however_it_ended() -> None:
    answered = [dt.datetime(2024, 3, 1, tzinfo=dt.UTC), None]
    rows = pa.table({"answer_time": answered, "status": pa.array([503, 503], pa.int16())})
    assert answered_is_200(rows)["status"].to_pylist() == [200, 503]
    assert answered_is_200(rows.drop(["answer_time"]))["status"].to_pylist() == [503, 503]
