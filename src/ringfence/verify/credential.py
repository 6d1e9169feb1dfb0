"""Signing certificates by address, each fetched, read and traced to its root once.

No verification parses a certificate: what an address gave is kept, good or bad, until it has to be asked for
again, and no more than `size` of them.
"""

from __future__ import annotations

import threading
from collections import OrderedDict
from collections.abc import Sequence
from hashlib import blake2b
from math import inf
from typing import Protocol

import msgspec
from cryptography.hazmat.primitives.asymmetric.ec import EllipticCurvePublicKey

from ringfence.model.fetching import Fetcher, RenewingFetcher
from ringfence.model.rejected import Rejected
from ringfence.verify.certificate import Certificate, parse_certificates
from ringfence.verify.chain import Chain, build_chain
from ringfence.verify.crl import Crl
from ringfence.verify.reasons import rejected
from ringfence.verify.trust import TrustStore

#: Seconds for which a certificate that cannot be used is not read again.
REFUSED_SECONDS = 60.0


class Credential(msgspec.Struct, frozen=True):
    """A key and what its holder may sign. chain: None for a bare key, which may sign anything. signer: the
    service provider codes of the certificate, else its subject."""

    key: EllipticCurvePublicKey
    chain: Chain | None = None
    signer: str = ""


class Found(msgspec.Struct, frozen=True):
    """What an address leads to. Of a certificate that could be had but is not accepted, fault says why, and
    `at_chain` whether it could be read at all."""

    credential: Credential | None = None
    fault: Rejected | None = None
    at_chain: bool = False


class CredentialSource(Protocol):
    """Where a verifier has its credentials from."""

    def get(self, url: str, now: float) -> Found:
        """What the address of a certificate leads to. Never raises."""
        ...

    def doubt(self, url: str, now: float) -> None:
        """A signature failed under what the address led to: it may have been replaced since."""
        ...


class BareKey:
    """One key for whatever address: to check tokens whose key was published without a certificate."""

    def __init__(self, key: EllipticCurvePublicKey) -> None:
        self._found = Found(Credential(key))

    def get(self, url: str, now: float) -> Found:
        return self._found

    def doubt(self, url: str, now: float) -> None:
        pass


class Untraced:
    """The certificates that a fetcher brings, whoever issued them: to look at signatures alone."""

    def __init__(self, fetcher: Fetcher) -> None:
        self._fetcher = fetcher

    def get(self, url: str, now: float) -> Found:
        fetched = self._fetcher.fetch(url, now)
        if isinstance(fetched, Rejected):
            return Found(fault=fetched)
        certificates = parse_certificates(fetched.body)
        if isinstance(certificates, Rejected):
            return Found(fault=certificates)
        return _with_key(certificates[0], None)

    def doubt(self, url: str, now: float) -> None:
        pass


def _with_key(leaf: Certificate, chain: Chain | None) -> Found:
    if leaf.key is None:
        return Found(fault=rejected("bad_certificate", leaf.key_fault))
    codes = leaf.tn_auth.spcs if leaf.tn_auth else ()
    return Found(Credential(leaf.key, chain, ",".join(codes) or leaf.subject))


class Credentials:
    """The certificates that a fetcher brings, traced to the roots of a trust store. For as many threads as
    the fetcher is for; two that meet a new address at once may both read it."""

    def __init__(
        self,
        fetcher: Fetcher,
        trust: TrustStore,
        crls: Sequence[Crl] = (),
        *,
        need_revocation_list: bool = False,
        size: int = 4096,
    ) -> None:
        self._fetcher = fetcher
        self._size = size
        #: by address: until when, what it leads to, the digest of the octets in which that was read, and how
        #: long the revocation lists stand that were asked
        self._kept: OrderedDict[str, tuple[float, Found, bytes, float]] = OrderedDict()
        self._need_crl = need_revocation_list
        self._trust = trust
        self._crls = tuple(crls)
        self._lock = threading.Lock()

    def reload(self, trust: TrustStore, crls: Sequence[Crl] = ()) -> None:
        """Other roots and revocation lists from now on; certificates are traced anew."""
        with self._lock:
            self._trust, self._crls = trust, tuple(crls)
            self._kept = OrderedDict()

    def known(self, url: str, now: float) -> bool:
        """Whether `get` can answer without the fetcher."""
        kept = self._kept.get(url)
        return kept is not None and now < kept[0]

    def get(self, url: str, now: float) -> Found:
        """What the address leads to, from memory while that may be used."""
        kept = self._kept.get(url)
        if kept is not None and now < kept[0]:
            return kept[1]
        with self._lock:
            # what is traced by these roots is kept with them, also where they are replaced meanwhile
            kept_here, trust, crls = self._kept, self._trust, self._crls
            kept = kept_here.get(url)
        fetched = self._fetcher.fetch(url, now)
        if isinstance(fetched, Rejected):
            return Found(fault=fetched)  # the fetcher remembers failures, and for how long
        digest = blake2b(fetched.body, digest_size=16).digest()
        if kept is not None and kept[1].credential and kept[2] == digest and now <= kept[3]:
            found, stands = kept[1], kept[3]
        else:
            found = self._read(fetched.body, now, trust, crls)
            stands = min((c.next_update for c in crls if c.next_update and c.next_update >= now), default=inf)
        until = min(fetched.expires, stands if found.credential else now + REFUSED_SECONDS)
        with self._lock:
            kept_here[url] = (until, found, digest, stands)
            kept_here.move_to_end(url)
            if len(kept_here) > self._size:
                kept_here.popitem(last=False)
        return found

    def doubt(self, url: str, now: float) -> None:
        """Have the address asked again, for the calls to come; forged signatures make that no more often
        than the fetcher allows."""
        if url not in self._kept or not isinstance(self._fetcher, RenewingFetcher):
            return
        self._fetcher.renew(url, now)
        with self._lock:
            if (kept := self._kept.get(url)) is not None:
                self._kept[url] = (now, *kept[1:])

    def _read(self, body: bytes, now: float, trust: TrustStore, crls: tuple[Crl, ...]) -> Found:
        certificates = parse_certificates(body)
        if isinstance(certificates, Rejected):
            return Found(fault=certificates)
        leaf = certificates[0]
        chain = build_chain(leaf, certificates[1:], trust, now, crls, require_crl=self._need_crl)
        if isinstance(chain, Rejected) and leaf.key is not None:
            return Found(fault=chain, at_chain=True)
        return _with_key(leaf, None if isinstance(chain, Rejected) else chain)
