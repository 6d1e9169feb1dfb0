import json
from pathlib import Path

import pyarrow as pa
from hypothesis import given
from hypothesis import strategies as st

from ringfence.numbers.normalise import NORMALISED, normalise, normalise_column, normalise_rows

VECTORS = json.loads((Path(__file__).parents[1] / "vectors/numbers/normalise.json").read_text())


def test_columns_read_as_single_values_do() -> None:
    for region in {v["region"] for v in VECTORS}:
        texts = [v["text"] for v in VECTORS]
        table = normalise_column(pa.array([*texts, None, texts[0]]), region)
        assert table.schema == NORMALISED
        assert table["raw"].to_pylist() == list(dict.fromkeys(texts))
        for row in table.to_pylist():
            assert (row["number"], row["reason"]) == normalise(row["raw"], region), row["raw"]


_WRITTEN = st.from_regex(
    r"(sip:|tel:|<)?\+?(00|011|0|44|1)?[ (]?[0-9]{0,6}\)?[- ]?[0-9]{0,8}([@;>].{0,8})?", fullmatch=True
)


@given(st.lists(_WRITTEN | st.text(max_size=20)), st.sampled_from(["GB", "US", "FR", "001"]))
def test_the_fast_forms_agree_with_the_slow(texts: list[str], region: str) -> None:
    texts = [t for t in texts if t.isprintable()]
    for row in normalise_column(pa.array(texts, pa.string()), region).to_pylist():
        assert (row["number"], row["reason"]) == normalise(row["raw"], region)


def test_rows_stay_aligned_and_null_stays_null() -> None:
    values = pa.chunked_array([["07700900123", None], ["anonymous", "07700900123"]])
    table = normalise_rows(values, "GB")
    assert table["number"].to_pylist() == ["+447700900123", None, None, "+447700900123"]
    assert table["reason"].to_pylist() == [None, None, "withheld", None]


def test_numbers_stored_as_numbers() -> None:
    for values in (pa.array([447700900123, None]), pa.array([447700900123.0, None])):
        assert normalise_rows(values, "GB")["number"].to_pylist() == ["+447700900123", None]


def test_dictionary_and_binary_columns() -> None:
    text = pa.array(["07700900123", "07700900123"])
    assert normalise_rows(text.dictionary_encode(), "GB")["number"].to_pylist() == ["+447700900123"] * 2
    assert normalise_rows(text.cast(pa.binary()), "GB")["number"].to_pylist() == ["+447700900123"] * 2
    assert normalise_rows(pa.array([b"\xff0770"], pa.binary()), "GB")["number"].to_pylist() == [None]


def test_an_empty_column() -> None:
    assert normalise_column(pa.array([], pa.string()), "GB").num_rows == 0
    assert normalise_rows(pa.nulls(2), "GB").num_rows == 2
