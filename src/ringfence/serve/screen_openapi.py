"""The OpenAPI document of the screen's HTTP side, written from the values it speaks in."""

from __future__ import annotations

import functools
from typing import Any

import msgspec

from ringfence import __version__


@functools.cache
def document() -> dict[str, Any]:
    """OpenAPI 3.1."""
    from ringfence.model.verdict import Verdict
    from ringfence.serve.problems import Problem
    from ringfence.serve.screen_api import Question

    _, schemas = msgspec.json.schema_components(
        (Question, Verdict, Problem), ref_template="#/components/schemas/{name}"
    )
    problem = {"application/problem+json": {"schema": {"$ref": "#/components/schemas/Problem"}}}
    text = {"text/plain": {"schema": {"type": "string"}}}
    refused = {
        str(status): {"description": words, "content": problem}
        for status, words in (
            (400, "It cannot be read"),
            (413, "It is too large"),
            (415, "It is no JSON"),
        )
    }
    return {
        "openapi": "3.1.0",
        "info": {"title": "Ringfence screen", "version": __version__},
        "paths": {
            "/v1/screen": {
                "post": {
                    "summary": "The verdict on a call",
                    "requestBody": {
                        "required": True,
                        "content": {
                            "application/json": {"schema": {"$ref": "#/components/schemas/Question"}}
                        },
                    },
                    "responses": {
                        "200": {
                            "description": "What to do with the call",
                            "content": {
                                "application/json": {"schema": {"$ref": "#/components/schemas/Verdict"}}
                            },
                        },
                        **refused,
                    },
                }
            },
            "/v1/live": {
                "get": {
                    "summary": "Verdicts as they fall, numbers masked",
                    "responses": {
                        "200": {
                            "description": "Server-sent events, one JSON object each",
                            "content": {"text/event-stream": {"schema": {"type": "string"}}},
                        }
                    },
                }
            },
            **{
                path: {
                    "get": {"summary": words, "responses": {"200": {"description": words, "content": text}}}
                }
                for path, words in (
                    ("/metrics", "Counts for Prometheus"),
                    ("/healthz", "The process runs"),
                    ("/readyz", "It judges; 503 before that"),
                )
            },
        },
        "components": {"schemas": schemas},
    }
