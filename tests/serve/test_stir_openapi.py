from __future__ import annotations

import json

import msgspec

from ringfence.serve.stir_openapi import document


def test_every_reference_leads_somewhere() -> None:
    text = json.dumps(document())
    names = {part.split('"')[0] for part in text.split("#/components/schemas/")[1:]}
    assert names and names <= set(document()["components"]["schemas"])
    assert msgspec.json.decode(msgspec.json.encode(document())) == json.loads(text)


def test_it_names_what_is_served() -> None:
    found = document()
    assert set(found["paths"]) == {"/stir/v1/signing", "/stir/v1/verification"}
    assert found["paths"]["/stir/v1/signing"]["post"]["security"] == [{"apiKey": []}]
    assert found["components"]["schemas"]["SigningRequest"]["required"] == ["dest"]
