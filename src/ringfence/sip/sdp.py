"""The shape of a session description (RFC 8866): what an offer shows of the program that wrote it."""

from __future__ import annotations

import re

from ringfence.sip.message import Message
from ringfence.sip.shape import identifier_shape, product

_BOUNDARY = re.compile(r'boundary\s*=\s*(?:"([^"]+)"|([^\s;]+))', re.IGNORECASE)
_DIGITS = re.compile(r"\d+")
_MAX_LINES = 400


def session_description(message: Message) -> str | None:
    """The SDP of a message, also from inside a multipart body (RFC 2046); None if there is none."""
    content_type = message.get("content-type") or ""
    kind = content_type.partition(";")[0].strip().lower()
    if kind == "application/sdp":
        return message.body.decode("utf-8", "replace")
    if not kind.startswith("multipart/"):
        return None
    match = _BOUNDARY.search(content_type)
    if match is None:
        return None
    delimiter = b"--" + (match[1] or match[2]).encode()
    for piece in message.body.split(delimiter)[1:20]:
        head, _, body = piece.replace(b"\r\n", b"\n").partition(b"\n\n")
        if b"application/sdp" in head.lower():
            return body.decode("utf-8", "replace")
    return None


def offer_parts(sdp: str, caller: str) -> list[str]:
    """Parts `sdp-...:value` of an offer. caller: the From user, which must not show in them.

    Line order with attribute names, origin user, session id and name, media and transport, codecs with
    their payload numbers in order, format parameters, ptime.
    """
    lines: list[str] = []
    media: list[str] = []
    codecs: list[str] = []
    formats: list[str] = []
    names: dict[str, str] = {}
    parts: list[str] = []
    for line in sdp.splitlines()[:_MAX_LINES]:
        kind, _, value = line.partition("=")
        label = kind.strip()
        if kind == "a":
            name, _, setting = value.partition(":")
            label = name
            if name == "rtpmap":
                number, _, codec = setting.partition(" ")
                names[number] = codec.strip()
            elif name == "fmtp":
                formats.append(setting.strip())
            elif name in ("ptime", "maxptime"):
                parts.append(f"sdp-{name}:{setting.strip()}")
        elif kind == "m":
            _name(codecs, names)
            names = {}
            fields = value.split()
            if len(fields) > 3:
                media.append(f"{fields[0]} {fields[2]}")
                codecs += fields[3:]
        elif kind == "o":
            parts.extend(_origin(value, caller))
        elif kind == "s":
            name = product(value)
            parts.append("sdp-session:" + ("#" if _DIGITS.search(name) else name))
        if not lines or lines[-1] != label:
            lines.append(label)
    _name(codecs, names)
    head = [f"sdp-lines:{' '.join(lines)}", f"sdp-media:{','.join(media)}", f"sdp-codecs:{','.join(codecs)}"]
    if formats:
        head.append(f"sdp-formats:{','.join(formats)}")
    return head + parts


def _name(codecs: list[str], names: dict[str, str]) -> None:
    """Write `8 PCMA/8000` for the payload numbers that the medium's rtpmap lines explain."""
    if names:
        for index, number in enumerate(codecs):
            if number in names:
                codecs[index] = f"{number} {names[number]}"


def _origin(value: str, caller: str) -> list[str]:
    fields = value.split(" ")
    user = fields[0]
    if caller and user == caller:
        user = "=caller"
    elif _DIGITS.search(user):
        user = _DIGITS.sub("#", user)
    parts = [f"sdp-user:{user}"]
    if len(fields) > 2:
        same = "same" if fields[1] == fields[2] else identifier_shape(fields[2])
        parts.append(f"sdp-id:{identifier_shape(fields[1])} {same}")
    return parts
