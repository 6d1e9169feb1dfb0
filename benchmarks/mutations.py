"""INVITEs with the faults and spellings that attackers and old equipment have."""

from __future__ import annotations

import random
import re

from benchmarks.sip_load import CALLED

_ODD = (
    b"\r\n",
    b"\n",
    b"\r",
    b" ",
    b"\t",
    b"\r\n ",
    b"\r\n\t",
    b";",
    b":",
    b"<",
    b">",
    b'"',
    b"\\",
    b"%",
    b"@",
    b",",
    b"\0",
    b"\xff",
)


def _spelled(rng: random.Random, number: str) -> str:
    """A number as somebody may write it."""
    digits = number[1:]
    national = "0" + digits[2:]
    text = rng.choice([number, digits, f"00{digits}", national, f"+44(0){digits[2:]}", f"0044{digits[2:]}"])
    if rng.random() < 0.3:
        at = rng.randrange(1, len(text))
        text = text[:at] + rng.choice(["-", ".", "(", ")"]) + text[at:]
    if rng.random() < 0.3:
        at = rng.randrange(len(text))
        text = text[:at] + f"%{ord(text[at]):02{rng.choice('xX')}}" + text[at + 1 :]
    return text


def _address(rng: random.Random, number: str) -> str:
    user = _spelled(rng, number)
    uri = rng.choice(
        [
            f"sip:{user}@h",
            f"SIP:{user}@h;user=phone",
            f"sips:{user}@h",
            f"tel:{user}",
            f"TEL:{user};phone-context=+44",
            f"sip:{user};npdi;rn=1@h",
            f"sip:{user}:secret@h",
            f"tel:{user};isub=1",
            f"sip:{user}@h:5060;transport=tcp",
        ]
    )
    if rng.random() < 0.2:
        return uri
    name = rng.choice(["", '"Bank" ', "Bank ", f'"{number}" ', '"a \\" b" ', '"<sip:x@y>" '])
    return f"{name}<{uri}>" + rng.choice(["", ";tag=1", " ;tag=1", ";TAG=1;x=y"])


def _name(rng: random.Random, name: str) -> str:
    compact = {"From": "f", "To": "t", "Via": "v", "Call-ID": "i", "Contact": "m"}
    return rng.choice([name, name, name.upper(), name.lower(), compact.get(name, name)]) + rng.choice(
        ["", "", " ", "\t"]
    )


def mutated(rng: random.Random, protected: str) -> bytes:
    """An INVITE that shows the protected number in one or several ways, and is spoilt more or less often."""
    other = "+447700900001"
    first = protected if rng.random() < 0.6 else other
    lines = [
        (_name(rng, "Via"), f"SIP/2.0/UDP 127.0.0.1:5060;branch=z9hG4bK{rng.random()}"),
        (_name(rng, "From"), _address(rng, first)),
        (_name(rng, "To"), f"<sip:{CALLED}@h>"),
        (_name(rng, "Call-ID"), f"{rng.random()}"),
        ("CSeq", "1 INVITE"),
        ("Max-Forwards", "70"),
        (_name(rng, "Contact"), "<sip:127.0.0.1>"),
    ]
    for name in ("P-Asserted-Identity", "P-Preferred-Identity", "Remote-Party-ID"):
        if rng.random() < 0.3:
            values = [_address(rng, rng.choice([protected, other])) for _ in range(rng.randint(1, 3))]
            if rng.random() < 0.5:
                lines += [(_name(rng, name), value) for value in values]
            else:
                lines.append((_name(rng, name), ", ".join(values)))
    if rng.random() < 0.2:
        rng.shuffle(lines)
    if rng.random() < 0.05:
        lines.append(rng.choice(lines))
    fold = rng.random() < 0.2
    text = f"INVITE sip:{CALLED}@h SIP/2.0\r\n"
    for name, value in lines:
        if fold and " " in value:
            value = value.replace(" ", "\r\n ", 1)
        text += f"{name}:{rng.choice([' ', '', '  '])}{value}\r\n"
    data = (text + "Content-Length: 0\r\n\r\n").encode()
    for _ in range(rng.choice([0, 0, 0, 1, 1, 2, 4])):
        at = rng.randrange(len(data))
        cut = rng.randrange(3)
        data = data[:at] + rng.choice([b"", *_ODD]) + data[at + cut :]
    return data


def shows(data: bytes, protected: str) -> bool:
    """Whether a lenient phone would show the protected number: its digits stand, however they are separated
    or escaped, in a field that phones look at. Of what a message is, nothing but its lines is asked."""
    text = data.decode("latin-1")
    head = re.split(r"\r\n\r\n|\n\n", text, maxsplit=1)[0]
    head = re.sub(r"\r?\n[ \t]+", " ", head)
    for line in re.split(r"\r\n|\n", head)[1:]:
        name, _, value = line.partition(":")
        if name.strip().lower() in (
            "from",
            "f",
            "p-asserted-identity",
            "p-preferred-identity",
            "remote-party-id",
        ):
            value = re.sub(r"%([0-9A-Fa-f]{2})", lambda m: chr(int(m[1], 16)), value)
            for uri in re.findall(r"(?i)\b(?:sips?|tel):([^@;>,\s]+)", value):
                digits = re.sub(r"[-.()]", "", uri.partition(":")[0])
                national = protected[3:]
                if re.fullmatch(rf"(?:\+44|0044|44|0|\+440|00440)?{national}", digits):
                    return True
    return False
