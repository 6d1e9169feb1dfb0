"""The messages of ATIS-1000082: requests to sign and to verify, answers, errors.

The document's text was not at hand: names and codes are those that public implementations and their manuals
show (docs/reference/http-api.md says which could not be checked). Members beside them are ours, and marked.
"""

from __future__ import annotations

from typing import Annotated, Any, Literal

import msgspec

Number = Annotated[str, msgspec.Meta(pattern=r"^\+?[0-9*#]{1,32}$", description="E.164, with or without +")]
Seconds = Annotated[int, msgspec.Meta(ge=0, le=4_102_444_800, description="seconds since 1970")]


class One(msgspec.Struct, frozen=True, omit_defaults=True):
    """One party: a number or a URI."""

    tn: Number | None = None
    uri: Annotated[str, msgspec.Meta(max_length=512)] | None = None


class Several(msgspec.Struct, frozen=True, omit_defaults=True):
    """Parties: numbers, URIs."""

    tn: Annotated[tuple[Number, ...], msgspec.Meta(max_length=16)] = ()
    uri: Annotated[tuple[Annotated[str, msgspec.Meta(max_length=512)], ...], msgspec.Meta(max_length=16)] = ()


class SigningRequest(msgspec.Struct, frozen=True, omit_defaults=True):
    """What is to be signed. attest: as asked; the tenant's table is the most that is given. origid: not used,
    the tenant's own is signed. div: who diverts, with `received`, the Identity header that the call came with
    (ours). rcd, rcdi, crn: rich call data. ppt: shaken where nothing is said (ours)."""

    dest: Several
    orig: One | None = None
    iat: Seconds | None = None
    attest: Literal["A", "B", "C"] | None = None
    origid: Annotated[str, msgspec.Meta(max_length=64)] | None = None
    div: One | None = None
    rcd: dict[str, Any] | None = None
    rcdi: dict[str, str] | None = None
    crn: Annotated[str, msgspec.Meta(max_length=256)] | None = None
    ppt: Literal["shaken", "div", "div-o", "rcd", "plain"] = "shaken"
    received: Annotated[str, msgspec.Meta(max_length=40_000)] | None = None


class SigningBody(msgspec.Struct, frozen=True):
    signing_request: SigningRequest = msgspec.field(name="signingRequest")


class SigningResponse(msgspec.Struct, frozen=True, omit_defaults=True):
    """identity: the value of the Identity header. attest: what was signed (ours)."""

    identity: str
    attest: str = ""


class SigningAnswer(msgspec.Struct, frozen=True):
    signing_response: SigningResponse = msgspec.field(name="signingResponse")


class VerificationRequest(msgspec.Struct, frozen=True, omit_defaults=True):
    """A call that came in. caller: its P-Asserted-Identity or From. to: where it goes, the Request-URI.
    time: its Date. identity: the header, or the headers with commas between them; identities: a list (ours).
    """

    caller: One = msgspec.field(name="from")
    to: Several
    time: Seconds | None = None
    identity: Annotated[str, msgspec.Meta(max_length=100_000)] = ""
    identities: Annotated[
        tuple[Annotated[str, msgspec.Meta(max_length=40_000)], ...], msgspec.Meta(max_length=12)
    ] = ()


class VerificationBody(msgspec.Struct, frozen=True):
    verification_request: VerificationRequest = msgspec.field(name="verificationRequest")


class VerificationResponse(msgspec.Struct, frozen=True, omit_defaults=True):
    """verstat: to pass on. reasoncode, reasontext, reasondesc: where a token proved nothing, the status of
    RFC 8224 and why. The rest is ours: the reason's stable word, the attestation, each header's verdict."""

    verstat: str
    reasoncode: int | None = None
    reasontext: str = ""
    reasondesc: str = ""
    reason: str = ""
    attest: str = ""
    origid: str = ""
    passports: tuple[dict[str, Any], ...] = ()


class VerificationAnswer(msgspec.Struct, frozen=True):
    verification_response: VerificationResponse = msgspec.field(name="verificationResponse")


class Fault(msgspec.Struct, frozen=True):
    """messageId: a code; text: with %1, %2 for the variables."""

    message_id: str = msgspec.field(name="messageId")
    text: str
    variables: tuple[str, ...] = ()


class RequestError(msgspec.Struct, frozen=True, omit_defaults=True):
    """One of the two: the request cannot be served as it is, or is not allowed."""

    service_exception: Fault | None = msgspec.field(name="serviceException", default=None)
    policy_exception: Fault | None = msgspec.field(name="policyException", default=None)


class ErrorAnswer(msgspec.Struct, frozen=True):
    request_error: RequestError = msgspec.field(name="requestError")


#: Reason phrases of RFC 8224 section 6.2.2.
REASON_TEXTS = {
    403: "Stale Date",
    428: "Use Identity Header",
    436: "Bad Identity Info",
    437: "Unsupported Credential",
    438: "Invalid Identity Header",
}
