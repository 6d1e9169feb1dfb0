"""The OpenAPI document of the HTTP API, made from the messages that it reads and writes."""

from __future__ import annotations

from functools import cache
from typing import Any

import msgspec

from ringfence import __version__
from ringfence.serve import stir_messages as messages

_REF = "#/components/schemas/{name}"
_KINDS = (
    messages.SigningBody,
    messages.SigningAnswer,
    messages.VerificationBody,
    messages.VerificationAnswer,
    messages.ErrorAnswer,
)


@cache
def document() -> dict[str, Any]:
    """OpenAPI 3.1, as a JSON object."""
    _, components = msgspec.json.schema_components(_KINDS, ref_template=_REF)
    signing = _operation("Sign a call of a tenant", messages.SigningBody, messages.SigningAnswer)
    signing["security"] = [{"apiKey": []}]
    verification = _operation(
        "Verify the Identity headers of a call", messages.VerificationBody, messages.VerificationAnswer
    )
    return {
        "openapi": "3.1.0",
        "info": {
            "title": "Ringfence: signing and verification services (ATIS-1000082)",
            "version": __version__,
            "license": {"name": "Apache-2.0", "identifier": "Apache-2.0"},
        },
        "paths": {
            "/stir/v1/signing": {"post": signing},
            "/stir/v1/verification": {"post": verification},
        },
        "components": {
            "schemas": components,
            "securitySchemes": {"apiKey": {"type": "http", "scheme": "bearer"}},
        },
    }


def _operation(summary: str, asked: type, answered: type) -> dict[str, Any]:
    return {
        "summary": summary,
        "operationId": summary.split()[0].lower(),
        "requestBody": {"required": True, "content": _content(asked)},
        "responses": {
            "200": {"description": "Done", "content": _content(answered)},
            "default": {"description": "Refused, and why", "content": _content(messages.ErrorAnswer)},
        },
    }


def _content(kind: type) -> dict[str, Any]:
    return {"application/json": {"schema": {"$ref": _REF.format(name=kind.__name__)}}}
