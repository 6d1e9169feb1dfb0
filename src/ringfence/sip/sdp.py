"""The shape of a session description (RFC 8866): what an offer shows of the program that wrote it."""

from __future__ import annotations

import functools
import re

from ringfence.sip.message import Message
from ringfence.sip.shape import number_shape, product

_BOUNDARY = re.compile(r'boundary\s*=\s*(?:"([^"]+)"|([^\s;]+))', re.IGNORECASE)
_DIGITS = re.compile(r"\d+")
_PORT = re.compile(r"^(m=\w+) \d+", re.MULTILINE)
_MAX_SIZE = 16_384


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

    Line order with attribute names, media and transport, codecs with their payload numbers in order,
    format parameters, ptime; origin user, session id and session name.
    """
    session, start, media = sdp[:_MAX_SIZE].replace("\r\n", "\n").partition("\nm=")
    origin: list[str] = []
    lines: list[str] = []
    for line in session.split("\n"):
        kind, _, value = line.partition("=")
        if kind == "o":
            origin += _origin(value, caller)
        elif kind == "s":
            origin.append("sdp-session:" + _session_name(value))
        _note(lines, kind, value)
    # from the first m= line on, most stacks write the same for every call but for the port
    return [*_media_parts(" ".join(lines), _PORT.sub(r"\1 0", f"m={media}" if start else "")), *origin]


@functools.lru_cache(maxsize=4096)
def _media_parts(before: str, text: str) -> tuple[str, ...]:
    lines: list[str] = []
    media: list[str] = []
    codecs: list[str] = []
    formats: list[str] = []
    parts: list[str] = []
    names: dict[str, str] = {}
    for line in text.split("\n"):
        kind, _, value = line.partition("=")
        if kind == "m":
            _name(codecs, names)
            fields = value.split()
            if len(fields) > 3:
                media.append(f"{fields[0]} {fields[2]}")
                codecs += fields[3:]
        elif kind == "a":
            name, _, setting = value.partition(":")
            if name == "rtpmap":
                number, _, codec = setting.partition(" ")
                names[number] = codec.strip()
            elif name == "fmtp":
                formats.append(setting.strip())
            elif name in ("ptime", "maxptime"):
                parts.append(f"sdp-{name}:{setting.strip()}")
        _note(lines, kind, value)
    _name(codecs, names)
    order = " ".join(filter(None, [before, *lines]))
    head = [f"sdp-lines:{order}", f"sdp-media:{','.join(media)}", f"sdp-codecs:{','.join(codecs)}"]
    if formats:
        head.append(f"sdp-formats:{','.join(formats)}")
    return (*head, *parts)


def _note(lines: list[str], kind: str, value: str) -> None:
    """Keep a line's kind, or an attribute's name, unless it repeats the line before."""
    label = value.partition(":")[0] if kind == "a" else kind.strip()
    if label and (not lines or lines[-1] != label):
        lines.append(label)


def _name(codecs: list[str], names: dict[str, str]) -> None:
    """Write `8 PCMA/8000` for the payload numbers that the medium's rtpmap lines explain."""
    for index, number in enumerate(codecs):
        if number in names:
            codecs[index] = f"{number} {names[number]}"
    names.clear()


@functools.lru_cache(maxsize=4096)
def _session_name(value: str) -> str:
    name = product(value)
    return "#" if _DIGITS.search(name) else name


def _origin(value: str, caller: str) -> list[str]:
    fields = value.split(" ")
    user = fields[0]
    if caller and user == caller:
        user = "=caller"
    elif _DIGITS.search(user):
        user = _DIGITS.sub("#", user)
    parts = [f"sdp-user:{user}"]
    if len(fields) > 2:
        same = "same" if fields[1] == fields[2] else number_shape(fields[2])
        parts.append(f"sdp-id:{number_shape(fields[1])} {same}")
    return parts
