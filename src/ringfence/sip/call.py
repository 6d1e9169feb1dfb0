"""The values of an INVITE on which caller identity bears."""

from __future__ import annotations

from ringfence.model.call import Call
from ringfence.sip.headers import parse_address, split_values
from ringfence.sip.message import Message


def call_of(message: Message, source: str = "") -> Call:
    """What an INVITE says of its parties (RFC 8224 section 4.1, RFC 3325). source: whoever sent it."""
    sender = parse_address(message.get("from") or "")
    target = parse_address(message.get("to") or "")
    asserted = []
    for line in message.all("p-asserted-identity"):
        for value in split_values(line):
            address = parse_address(value)
            if address is not None:
                asserted.append(address.uri)
    from_uri = sender.uri if sender else ""
    return Call(
        request_uri=message.uri,
        to=target.uri if target else "",
        caller=asserted[0] if asserted else from_uri,
        asserted=tuple(asserted),
        date=message.get("date"),
        identity=tuple(message.all("identity")),
        call_id=message.get("call-id") or "",
        source=source,
        resource_priority=tuple(v for line in message.all("resource-priority") for v in split_values(line)),
        priority=message.get("priority") or "",
    )
