"""A call as it arrives: what its INVITE says."""

from __future__ import annotations

import msgspec


class Call(msgspec.Struct, frozen=True):
    """The values of an INVITE on which caller identity bears, each as received.

    request_uri, to: the target now and the first one, as URIs. caller: the URI of P-Asserted-Identity, or of
    From where there is none (RFC 8224 section 8; ATIS-1000074). asserted: all URIs of P-Asserted-Identity.
    date: the Date header. identity: the values of the Identity headers, in order. call_id: the Call-ID.
    source: whoever sent it, such as its address: a token seen from two sources is suspicious.
    resource_priority: the values of Resource-Priority; priority: that of Priority (for rph and sph).
    """

    request_uri: str = ""
    to: str = ""
    caller: str = ""
    asserted: tuple[str, ...] = ()
    date: str | None = None
    identity: tuple[str, ...] = ()
    call_id: str = ""
    source: str = ""
    resource_priority: tuple[str, ...] = ()
    priority: str = ""
