"""Verification on an event loop: certificates are waited for there, and judged once they are at hand."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence

from ringfence.model.call import Call
from ringfence.model.fetching import Fetched
from ringfence.model.rejected import Rejected
from ringfence.model.verification import Verification
from ringfence.serve.fetching import HttpFetcher
from ringfence.verify.credential import Credentials
from ringfence.verify.crl import Crl
from ringfence.verify.policy import SHAKEN, Policy
from ringfence.verify.reasons import rejected
from ringfence.verify.replay import ReplayMemory
from ringfence.verify.trust import TrustStore
from ringfence.verify.verifier import Verifier


class _AtHand:
    """What a fetcher has already: a verifier on an event loop must not wait for sockets."""

    def __init__(self, fetcher: HttpFetcher) -> None:
        self._fetcher = fetcher
        #: what was fetched for the call that is judged now, also where it may not be kept
        self.brought: dict[str, Fetched | Rejected] = {}

    def fetch(self, url: str, now: float) -> Fetched | Rejected:
        found = self.brought.get(url) or self._fetcher.cached(url, now)
        return rejected("no_certificate", "it could not be fetched now") if found is None else found

    def renew(self, url: str, now: float) -> None:
        self._fetcher.renew(url, now)


class AsyncVerifier:
    """Judges calls on one event loop; a slow server of certificates holds up its own calls alone."""

    def __init__(
        self,
        fetcher: HttpFetcher,
        trust: TrustStore,
        crls: Sequence[Crl] = (),
        *,
        policy: Policy = SHAKEN,
        replay: ReplayMemory | None = None,
    ) -> None:
        self._fetcher = fetcher
        self._at_hand = _AtHand(fetcher)
        self._credentials = Credentials(
            self._at_hand, trust, crls, need_revocation_list=policy.need_revocation_list
        )
        self._verifier = Verifier(self._credentials, policy, replay)

    @property
    def policy(self) -> Policy:
        return self._verifier.policy

    def reload(self, trust: TrustStore, crls: Sequence[Crl] = ()) -> None:
        """Other roots and revocation lists from now on."""
        self._credentials.reload(trust, crls)

    def at_once(self, call: Call, now: float) -> Verification | None:
        """The same, without waiting: None where a certificate must be fetched first."""
        begun = self._verifier.begin(call, now)
        if all(self._credentials.known(url, now) for url in begun.addresses()):
            return self._verifier.conclude(begun)
        return None

    async def verify(self, call: Call, now: float) -> Verification:
        """What the Identity headers of a call prove. now: seconds since 1970."""
        begun = self._verifier.begin(call, now)
        wanted = [url for url in begun.addresses() if not self._credentials.known(url, now)]
        if wanted:
            found = await asyncio.gather(*(self._fetcher.afetch(url, now) for url in wanted))
            # nothing is awaited from here on, so that no other call comes between
            self._at_hand.brought = dict(zip(wanted, found, strict=True))
        verification = self._verifier.conclude(begun)
        self._at_hand.brought = {}
        return verification
