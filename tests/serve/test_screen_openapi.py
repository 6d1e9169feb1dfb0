from ringfence.serve.screen_openapi import document


def test_the_document_names_what_there_is() -> None:
    schemas = document()["components"]["schemas"]
    assert {"Question", "Verdict", "Problem"} <= set(schemas)
    assert "invite" in schemas["Question"]["properties"]
    assert set(document()["paths"]) == {"/v1/screen", "/v1/live", "/metrics", "/healthz", "/readyz"}
