"""The values of an INVITE on which caller identity bears."""

from __future__ import annotations

from ringfence.model.call import Call
from ringfence.sip.headers import parse_address, split_values
from ringfence.sip.message import Message


def call_of(message: Message, source: str = "") -> Call:
    """What an INVITE says of its parties (RFC 8224 section 4.1, RFC 3325). source: whoever sent it."""
    sender = parse_address(_only(message, "from") or "")
    target = parse_address(_only(message, "to") or "")
    asserted = []
    for line in message.all("p-asserted-identity"):
        for value in split_values(line):
            address = parse_address(value)
            # what cannot be read here may be read by who comes after: it is kept, and is nobody
            asserted.append(address.uri if address is not None else "")
    from_uri = sender.uri if sender else ""
    return Call(
        request_uri=message.uri,
        to=target.uri if target else "",
        caller=asserted[0] if asserted else from_uri,
        asserted=tuple(asserted),
        date=_only(message, "date"),
        identity=tuple(message.all("identity")),
        call_id=message.get("call-id") or "",
        source=source,
        resource_priority=tuple(v for line in message.all("resource-priority") for v in split_values(line)),
        priority=message.get("priority") or "",
    )


def _only(message: Message, name: str) -> str | None:
    """The value of a field that may come once; "" where it comes twice: nobody knows which will be read."""
    values = message.all(name)
    return "" if len(values) > 1 else values[0] if values else None
