"""The signing and verification services of ATIS-1000082 over HTTP, as an application to mount or to serve.

    POST /stir/v1/signing        an Identity header for a tenant's call, under its API key
    POST /stir/v1/verification   what the Identity headers of a call prove
    GET  /stir/v1/openapi.json   this, for programs
    GET  /healthz

A request is read in full, within bounds, judged on the event loop, and answered in the document's form: also
errors, whose codes are those of the document where it has one.
"""

from __future__ import annotations

import logging
import time
from collections.abc import Callable
from email.utils import formatdate
from typing import Any, TypeVar

import msgspec
from litestar import Litestar, Request, Response, get, post
from litestar.exceptions import HTTPException

from ringfence.model.call import Call
from ringfence.model.rejected import Rejected
from ringfence.model.verification import Verdict, Verification
from ringfence.serve import stir_messages as messages
from ringfence.serve.stir_openapi import document
from ringfence.serve.verifying import AsyncVerifier
from ringfence.sip.headers import split_values
from ringfence.verify import tenants
from ringfence.verify.tenants import ANSWERS, SigningService

#: Octets of a request: twelve headers of the longest kind fit.
MAX_BODY = 512 * 1024

_T = TypeVar("_T")
_log = logging.getLogger(__name__)


class _RefusedError(HTTPException):
    def __init__(self, status: int, code: str, text: str, *variables: str) -> None:
        super().__init__(status_code=status, detail=text)
        self.fault = messages.Fault(code, text, variables)


def stir_app(
    verifier: AsyncVerifier | None,
    service: SigningService | None,
    *,
    clock: Callable[[], float] = time.time,
) -> Litestar:
    """The services that are given; the other answers 404. clock: seconds since 1970."""

    @post("/stir/v1/signing", status_code=200)
    async def signing(request: Request[Any, Any, Any]) -> Response[bytes]:
        if service is None:
            raise _RefusedError(404, "SVC4003", "Requested resource was not found")
        tenant = service.authenticate(_key(request))
        if isinstance(tenant, Rejected):
            raise _refusal(tenant)
        asked = (await _read(request, messages.SigningBody)).signing_request
        signed = service.sign(tenant, _request(asked), clock())
        if isinstance(signed, Rejected):
            raise _refusal(signed)
        return _answer(
            request,
            200,
            messages.SigningAnswer(messages.SigningResponse(signed.identity, signed.attest)),
        )

    @post("/stir/v1/verification", status_code=200)
    async def verification(request: Request[Any, Any, Any]) -> Response[bytes]:
        if verifier is None:
            raise _RefusedError(404, "SVC4003", "Requested resource was not found")
        asked = (await _read(request, messages.VerificationBody)).verification_request
        found = await verifier.verify(_call(asked), clock())
        return _answer(request, 200, messages.VerificationAnswer(_response(found)))

    @get("/stir/v1/openapi.json", sync_to_thread=False)
    def openapi(request: Request[Any, Any, Any]) -> Response[bytes]:
        return _answer(request, 200, document())

    @get("/healthz", sync_to_thread=False)
    def healthz() -> str:
        return "ok"

    return Litestar(
        route_handlers=[signing, verification, openapi, healthz],
        exception_handlers={Exception: _failed},
        openapi_config=None,  # litestar's would not know the messages, which are read here
        logging_config=None,
        request_max_body_size=MAX_BODY,
    )


def _key(request: Request[Any, Any, Any]) -> str:
    # some switches cannot send a header with a blank in it
    if bare := request.headers.get("x-api-key", ""):
        return bare.strip()
    scheme, _, key = request.headers.get("authorization", "").partition(" ")
    return key.strip() if scheme.lower() == "bearer" else ""


async def _read(request: Request[Any, Any, Any], kind: type[_T]) -> _T:
    """The body as a message, or the document's code for what is wrong with it."""
    content = request.headers.get("content-type", "application/json").partition(";")[0].strip().lower()
    if content != "application/json":
        raise _RefusedError(415, "SVC4004", "Unsupported request body type '%1', expected '%2'",
                            content[:80], "application/json")  # fmt: skip
    body = await request.body()
    if not body:
        raise _RefusedError(400, "SVC4000", "Missing request body")
    try:
        return msgspec.json.decode(body, type=kind)
    except msgspec.ValidationError as error:
        said, _, where = str(error).partition(" - at `$.")
        where = where.rstrip("`")
        if "missing required field" in said:
            name = ".".join(part for part in (where, said.rpartition("`")[0].rpartition("`")[2]) if part)
            raise _RefusedError(400, "SVC4001", "Missing mandatory parameter '%1'", name) from None
        raise _RefusedError(400, "SVC4005", "Invalid '%1' parameter value: %2", where, said[:200]) from None
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError) as error:
        raise _RefusedError(
            400, "SVC4006", "Failed to parse received message body: %1", str(error)[:200]
        ) from None


def _request(asked: messages.SigningRequest) -> tenants.SigningRequest:
    rich = {n: v for n in ("rcd", "rcdi", "crn") if (v := getattr(asked, n)) is not None}
    if rich and asked.ppt == "plain":
        raise _RefusedError(400, "SVC4005", "Invalid '%1' parameter value: %2", "ppt",
                            "plain, with rich call data that it would not carry: ask for rcd")  # fmt: skip
    diverts = asked.ppt in ("div", "div-o")
    if diverts != (asked.received is not None):
        raise _RefusedError(400, "SVC4001", "Missing mandatory parameter '%1'",
                            "received" if diverts else "ppt")  # fmt: skip
    if not diverts and asked.orig is None:
        raise _RefusedError(400, "SVC4001", "Missing mandatory parameter '%1'", "orig")
    return tenants.SigningRequest(
        orig="" if asked.orig is None else _one(asked.orig, "orig"),
        dest=tuple(number.removeprefix("+") for number in asked.dest.tn) + asked.dest.uri,
        iat=asked.iat,
        ppt="" if asked.ppt == "plain" else asked.ppt,
        attest=asked.attest or "",
        rich=rich or None,
        received=asked.received or "",
        by=None if asked.div is None else _one(asked.div, "div"),
    )


def _one(party: messages.One, name: str) -> str:
    if (party.tn is None) == (party.uri is None):
        raise _RefusedError(400, "SVC4005", "Invalid '%1' parameter value: %2", name, "either tn or uri")
    return party.tn.removeprefix("+") if party.tn is not None else party.uri or ""


def _call(asked: messages.VerificationRequest) -> Call:
    """The call as its INVITE would say it."""
    goes_to = [f"tel:+{number.removeprefix('+')}" for number in asked.to.tn] + list(asked.to.uri)
    if len(goes_to) != 1:
        raise _RefusedError(400, "SVC4005", "Invalid '%1' parameter value: %2", "to", "one tn or uri")
    caller = _one(asked.caller, "from")
    headers = asked.identities or tuple(h for h in split_values(asked.identity) if h)
    return Call(
        request_uri=goes_to[0],
        to=goes_to[0],
        caller=caller if ":" in caller else f"tel:+{caller}",
        date=None if asked.time is None else formatdate(asked.time, usegmt=True),
        identity=headers,
    )


def _response(found: Verification) -> messages.VerificationResponse:
    failed = found.verdict is not Verdict.VALID
    code = next((p.sip_status for p in found.passports if p.reason == found.reason), None)
    code = code or (428 if found.reason in ("no_identity", "unsupported") else None)
    return messages.VerificationResponse(
        verstat=found.verstat,
        reasoncode=code if failed else None,
        reasontext=messages.REASON_TEXTS.get(code or 0, "") if failed else "",
        reasondesc=found.detail or (found.reason if failed else ""),
        reason=found.reason,
        attest=found.attestation or "",
        origid=found.origid or "",
        passports=tuple(msgspec.to_builtins(passport) for passport in found.passports),
    )


def _refusal(refused: Rejected) -> _RefusedError:
    known = ANSWERS[refused.reason]
    return _RefusedError(known.status, known.code, "%1: %2", refused.reason, refused.detail)


def _answer(request: Request[Any, Any, Any], status: int, body: Any) -> Response[bytes]:
    headers = {"Cache-Control": "no-store", "X-Content-Type-Options": "nosniff"}
    if (name := request.headers.get("x-requestid", "")) and len(name) <= 128 and name.isprintable():
        headers["X-RequestID"] = name
    return Response(
        msgspec.json.encode(body), status_code=status, media_type="application/json", headers=headers
    )


def _failed(request: Request[Any, Any, Any], error: Exception) -> Response[bytes]:
    """Any error in the document's form. What went wrong inside is not told to whoever asks."""
    if isinstance(error, _RefusedError):
        status, fault = error.status_code, error.fault
    elif isinstance(error, HTTPException) and error.status_code < 500:
        codes = {404: "SVC4003", 405: "POL4050", 413: "SVC4006"}
        status = error.status_code
        fault = messages.Fault(codes.get(status, "SVC4006"), error.detail[:200])
    else:
        _log.error("serving %s", request.url.path, exc_info=error)
        status, fault = 500, messages.Fault("POL5000", "Internal server error")
    policy = fault.message_id.startswith("POL")
    wrapped = messages.RequestError(policy_exception=fault) if policy else messages.RequestError(fault)
    response = _answer(request, status, messages.ErrorAnswer(wrapped))
    if status == 401:
        response.headers["WWW-Authenticate"] = "Bearer"
    return response
