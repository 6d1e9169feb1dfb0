"""INVITE shapes: what each SIP stack can't help showing, and how common each is.

A few default stacks carry most traffic; hundreds of small exchanges each show a shape nearly their own,
because somebody changed a codec list, a header or a name. A shape is its parts; its fingerprint is the
first 16 hex digits of the SHA-256 of the parts joined by a newline.
"""

from __future__ import annotations

import hashlib

import numpy as np

_H = "Via,From,To,Call-ID,CSeq,Contact"

#: family -> (User-Agent product, versions, parts in order). Modelled on what the stacks are known to send.
FAMILIES: dict[str, tuple[str, tuple[str, ...], tuple[str, ...]]] = {
    "asterisk": (
        "Asterisk PBX",
        ("16.28.0", "18.12.1", "20.5.0", "20.9.3"),
        (
            "headers:Via,Max-Forwards,From,To,Contact,Call-ID,CSeq,User-Agent,Date,Allow,Supported,"
            "Content-Type,Content-Length",
            "via:branch,rport",
            "callid:hex32@host:port",
            "branch:z9hG4bK+hex8",
            "tag:as+hex8",
            "cseq:102",
            "mf:70",
            "supported:replaces,timer",
            "sdp:v,o,s,c,t,m,a",
            "codecs:8 0 101",
            "ptime:20",
            "session:Asterisk PBX",
        ),
    ),
    "pjsip": (
        "FPBX",
        ("16.0.40", "16.0.41", "17.0.19"),
        (
            "headers:Via,From,To,Contact,Call-ID,CSeq,Allow,Supported,Session-Expires,Min-SE,"
            "P-Asserted-Identity,Max-Forwards,User-Agent,Content-Type,Content-Length",
            "via:rport,branch",
            "callid:uuid",
            "branch:z9hG4bKPj+uuid",
            "tag:uuid",
            "cseq:rand5",
            "mf:70",
            "supported:100rel,timer,replaces,norefersub",
            "sdp:v,o,s,c,t,m,a",
            "codecs:8 0 101",
            "ptime:20",
            "session:Asterisk",
        ),
    ),
    "freeswitch": (
        "FreeSWITCH",
        ("1.10.7", "1.10.9", "1.10.11"),
        (
            "headers:Via,Max-Forwards,From,To,Call-ID,CSeq,Contact,User-Agent,Allow,Supported,"
            "Allow-Events,Content-Type,Content-Disposition,Content-Length,X-FS-Support,Remote-Party-ID",
            "via:rport,branch",
            "callid:uuid",
            "branch:z9hG4bK+alnum13",
            "tag:alnum13",
            "cseq:rand9",
            "mf:69",
            "supported:timer,path,replaces",
            "sdp:v,o,s,c,t,m,a",
            "codecs:8 0 102 101",
            "ptime:20",
            "session:FreeSWITCH",
        ),
    ),
    "three_cx": (
        "3CXPhoneSystem",
        ("18.0.9", "20.0.3"),
        (
            "headers:Via,Max-Forwards,Contact,To,From,Call-ID,CSeq,Allow,Content-Type,Supported,"
            "User-Agent,Content-Length",
            "via:branch,rport",
            "callid:base64",
            "branch:z9hG4bK-524287-1---hex16",
            "tag:hex8",
            "cseq:1",
            "mf:70",
            "supported:replaces,timer",
            "sdp:v,o,s,c,t,m,a",
            "codecs:0 8 18 101",
            "ptime:none",
            "session:3cxPS Audio Call",
        ),
    ),
    "cucm": (
        "Cisco-CUCM",
        ("12.5", "14.0"),
        (
            "headers:Via,From,To,Date,Call-ID,Supported,Min-SE,User-Agent,Allow,CSeq,Expires,Allow-Events,"
            "Session-ID,P-Asserted-Identity,Remote-Party-ID,Contact,Max-Forwards,Content-Length",
            "via:branch",
            "callid:hex8-hex8-hex5-hex7@host",
            "branch:z9hG4bK+hex14",
            "tag:num9~uuid",
            "cseq:101",
            "mf:69",
            "supported:timer,resource-priority,replaces",
            "sdp:none",
            "codecs:none",
            "ptime:none",
            "session:none",
        ),
    ),
    "avaya": (
        "Avaya CM/R018x",
        ("8.1", "10.1"),
        (
            f"headers:{_H},Max-Forwards,Record-Route,P-Asserted-Identity,Allow,Supported,User-Agent,"
            "Session-Expires,Min-SE,Content-Type,Content-Length",
            "via:branch",
            "callid:hex32",
            "branch:z9hG4bK+hex32",
            "tag:hex32",
            "cseq:1",
            "mf:67",
            "supported:100rel,histinfo,join,replaces,sdp-anat,timer",
            "sdp:v,o,s,c,b,t,m,a",
            "codecs:8 18 120",
            "ptime:20",
            "session:-",
        ),
    ),
    "mitel": (
        "Mitel-3300-ICP",
        ("9.4", "15.1"),
        (
            f"headers:{_H},Allow,Allow-Events,Max-Forwards,User-Agent,Supported,P-Asserted-Identity,"
            "Content-Type,Content-Length",
            "via:branch",
            "callid:num10-num9",
            "branch:z9hG4bK+num10-num9",
            "tag:0_num10-num9",
            "cseq:1",
            "mf:70",
            "supported:timer,replaces",
            "sdp:v,o,s,c,t,m,a",
            "codecs:8 18 0 101",
            "ptime:20",
            "session:SIP Call",
        ),
    ),
    "contact_centre": (
        "GenesysSIPServer",
        ("8.1.104", "8.1.105"),
        (
            "headers:From,To,Call-ID,CSeq,Content-Length,Content-Type,Via,Contact,Allow,Max-Forwards,"
            "X-Genesys-CallUUID,Session-Expires,Min-SE,Supported",
            "via:branch",
            "callid:uuid@host",
            "branch:z9hG4bK+uuid-num",
            "tag:uuid-num",
            "cseq:1",
            "mf:70",
            "supported:uui,100rel,timer",
            "sdp:v,o,s,c,t,m,a",
            "codecs:8 0 18 101",
            "ptime:20",
            "session:-",
        ),
    ),
    "teams": (
        "Microsoft.PSTNHub.SIPProxy",
        ("2025.9.25", "2025.10.2"),
        (
            "headers:FROM,TO,CSEQ,CALL-ID,MAX-FORWARDS,VIA,RECORD-ROUTE,CONTACT,CONTENT-LENGTH,MIN-SE,"
            "SUPPORTED,USER-AGENT,CONTENT-TYPE,ALLOW,P-ASSERTED-IDENTITY,PRIVACY,SESSION-EXPIRES",
            "via:branch",
            "callid:hex32",
            "branch:z9hG4bK+hex8",
            "tag:hex32",
            "cseq:1",
            "mf:67",
            "supported:histinfo,timer",
            "sdp:v,o,s,c,b,t,m,c,a",
            "codecs:104 9 103 111 18 0 8 97 101",
            "ptime:20",
            "session:session",
        ),
    ),
    "cpaas": (
        "Bulk Voice Gateway",
        ("4.2",),
        (
            "headers:Record-Route,From,To,CSeq,Max-Forwards,P-Asserted-Identity,Diversion,Call-ID,Via,"
            "Contact,Allow,User-Agent,X-Account,Content-Type,Content-Length",
            "via:branch,rport",
            "callid:hex32@host",
            "branch:z9hG4bK+hex4.hex32.0",
            "tag:num8_hex8_uuid",
            "cseq:rand5",
            "mf:66",
            "supported:none",
            "sdp:v,o,s,c,t,m,a",
            "codecs:0 8 101",
            "ptime:20",
            "session:-",
        ),
    ),
    "web_phone": (
        "JsSIP",
        ("3.9.1", "3.10.0"),
        (
            "headers:Via,Max-Forwards,To,From,Call-ID,CSeq,Contact,Content-Type,Session-Expires,Allow,"
            "Supported,User-Agent,Content-Length",
            "via:branch",
            "callid:alnum22",
            "branch:z9hG4bK+num7",
            "tag:alnum10",
            "cseq:rand4",
            "mf:69",
            "supported:timer,ice,replaces,outbound",
            "sdp:v,o,s,t,a,m,c,a",
            "codecs:111 63 9 0 8 13 110 126",
            "ptime:none",
            "session:-",
        ),
    ),
    "softphone": (
        "Linphone",
        ("4.4.10", "5.2.3"),
        (
            "headers:Via,From,To,CSeq,Call-ID,Max-Forwards,Supported,Allow,Content-Type,Content-Length,"
            "Contact,User-Agent",
            "via:branch,rport",
            "callid:alnum10",
            "branch:z9hG4bK.alnum9",
            "tag:alnum9",
            "cseq:20",
            "mf:70",
            "supported:replaces,outbound,gruu",
            "sdp:v,o,s,c,t,a,m,a",
            "codecs:96 97 98 0 8 18 101 99 100",
            "ptime:none",
            "session:Talk",
        ),
    ),
    "home_gateway": (
        "HGW-Voice",
        ("1.4", "2.0", "2.3"),
        (
            f"headers:{_H},Max-Forwards,User-Agent,Allow,Supported,Privacy,P-Preferred-Identity,"
            "Content-Type,Content-Length",
            "via:branch,rport",
            "callid:hex24@host",
            "branch:z9hG4bK+hex16",
            "tag:hex16",
            "cseq:1",
            "mf:70",
            "supported:100rel,timer,precondition",
            "sdp:v,o,s,c,t,m,a",
            "codecs:8 101",
            "ptime:20",
            "session:-",
        ),
    ),
    "volte": (
        "IMS-UE",
        ("1.0",),
        (
            "headers:Via,Max-Forwards,Route,From,To,Call-ID,CSeq,Contact,Accept-Contact,P-Preferred-Service,"
            "P-Access-Network-Info,Allow,Supported,Require,Content-Type,Content-Length",
            "via:branch,rport",
            "callid:alnum24@ipv6",
            "branch:z9hG4bK+alnum18",
            "tag:alnum10",
            "cseq:1",
            "mf:66",
            "supported:100rel,precondition,gruu,sec-agree",
            "sdp:v,o,s,c,b,t,m,b,a",
            "codecs:98 97 102 101",
            "ptime:20",
            "session:-",
        ),
    ),
    "border": (
        "",  # a border controller hides what stands behind it
        ("",),
        (
            f"headers:{_H},Max-Forwards,Allow,Supported,P-Asserted-Identity,Content-Type,Content-Length",
            "via:branch",
            "callid:SD+alnum7-hex32-v3000i1",
            "branch:z9hG4bK+alnum26",
            "tag:SD+alnum7-",
            "cseq:1",
            "mf:63",
            "supported:timer",
            "sdp:v,o,s,c,t,m,a",
            "codecs:8 0 18 101",
            "ptime:20",
            "session:-",
        ),
    ),
}

#: How often each family stands behind a private exchange.
EXCHANGES = {
    "asterisk": 0.27,
    "pjsip": 0.21,
    "freeswitch": 0.12,
    "three_cx": 0.16,
    "cucm": 0.09,
    "avaya": 0.06,
    "mitel": 0.05,
    "teams": 0.04,
}

_CODECS = ("8", "0", "18", "9", "3", "101", "97", "111", "4", "110")
_EXTRAS = (
    "Accept-Language",
    "Organization",
    "Subject",
    "X-Asterisk-HangupCause",
    "P-Charging-Vector",
    "Remote-Party-ID",
    "Alert-Info",
    "Privacy",
    "Call-Info",
    "X-Serial",
    "Priority",
    "P-Early-Media",
    "Timestamp",
    "Accept",
    "Reply-To",
    "X-Tenant",
)
_SESSIONS = ("call", "voip", "pbx", "SIP", "Media Server", "office", "session", "root", "-", "Phone-Call")
_ALPHABETS = ("hex", "num", "alnum", "base64")


class ShapeBook:
    """All shapes of a network, each once. Index 0 is no shape at all: a call that came without SIP."""

    def __init__(self) -> None:
        self.fingerprints: list[str | None] = [None]
        self.parts: list[tuple[str, ...] | None] = [None]
        self._index: dict[str, int] = {}

    def add(self, parts: tuple[str, ...]) -> int:
        digest = hashlib.sha256("\n".join(parts).encode()).hexdigest()[:16]
        if digest not in self._index:
            self._index[digest] = len(self.fingerprints)
            self.fingerprints.append(digest)
            self.parts.append(parts)
        return self._index[digest]

    def default(self, family: str) -> int:
        product, _, parts = FAMILIES[family]
        return self.add(_named(parts, product))

    def variant(self, family: str, rng: np.random.Generator, changes: int) -> int:
        """A default stack with some parts changed by whoever set it up."""
        product, _, parts = FAMILIES[family]
        return self.add(_named(vary(parts, rng, changes), product))


def _named(parts: tuple[str, ...], product: str) -> tuple[str, ...]:
    return (*parts, f"ua:{product}") if product else parts


def user_agent(family: str, rng: np.random.Generator) -> str | None:
    """Product and version, as the header shows it; None: the stack sends none."""
    product, versions, _ = FAMILIES[family]
    if not product:
        return None
    version = versions[int(len(versions) * rng.random() ** 1.5)]
    joiner = "-" if family == "pjsip" else "/" if family == "freeswitch" else " "
    return f"{product}{joiner}{version}".strip()


def vary(parts: tuple[str, ...], rng: np.random.Generator, changes: int) -> tuple[str, ...]:
    """Change that many different parts, as configuration and builds do."""
    varied = dict(part.split(":", 1) for part in parts)
    options = ["headers", "codecs", "session", "mf", "supported", "ptime", "callid", "tag", "cseq"]
    for name in rng.permutation(options)[:changes]:
        varied[str(name)] = _varied(str(name), varied[str(name)], rng)
    return tuple(f"{name}:{value}" for name, value in varied.items())


def _varied(name: str, value: str, rng: np.random.Generator) -> str:
    def pick(words: tuple[str, ...]) -> str:
        return words[int(rng.integers(len(words)))]

    if name == "headers":
        headers = value.split(",")
        for extra in rng.permutation(_EXTRAS)[: int(rng.integers(1, 3))]:
            headers.insert(int(rng.integers(4, len(headers))), str(extra))
        return ",".join(headers)
    if name == "codecs":
        return " ".join(str(c) for c in rng.permutation(_CODECS)[: int(rng.integers(2, 6))])
    if name == "session":
        return pick(_SESSIONS)
    if name == "mf":
        return str(int(rng.integers(20, 71)))
    if name == "supported":
        words = value.split(",")
        return ",".join(str(w) for w in rng.permutation(words)[: max(1, len(words) - 1)])
    if name == "ptime":
        return pick(("10", "20", "30", "none"))
    if name == "cseq":
        return str(int(rng.integers(1, 1000)))
    return f"{pick(_ALPHABETS)}{int(rng.integers(6, 37))}" + ("@host" if name == "callid" else "")
