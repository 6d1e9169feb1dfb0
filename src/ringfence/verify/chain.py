"""From a signing certificate to a trusted root (RFC 5280 section 6, RFC 8226, RFC 9060 section 4).

Every way up is tried, within bounds, since certificates of one name and several keys are common where CAs are
renewed; the first that holds is the chain, and of several that do not, the one that got furthest says why.
"""

from __future__ import annotations

import functools
from collections.abc import Iterator, Sequence

import msgspec

from ringfence.model.rejected import Rejected
from ringfence.verify.certificate import Certificate, is_signed_by
from ringfence.verify.constraints import ClaimConstraints
from ringfence.verify.crl import Crl
from ringfence.verify.tnauthlist import TNAuthList
from ringfence.verify.trust import TrustStore

#: Certificates of a chain, its root included. The longest real one has four.
MAX_LENGTH = 8
#: Signatures that are checked for one chain, whoever wrote however many certificates with one name.
MAX_SIGNATURES = 32


class Chain(msgspec.Struct, frozen=True):
    """certificates: leaf first, root last. not_before, not_after: when all of them are in force, seconds
    since 1970. authority: the leaf's TNAuthList, within those of its parents. constraints: of all of them.
    """

    certificates: tuple[Certificate, ...]
    not_before: float
    not_after: float
    authority: TNAuthList | None = None
    constraints: tuple[ClaimConstraints, ...] = ()


def build_chain(
    leaf: Certificate,
    others: Sequence[Certificate],
    trust: TrustStore,
    now: float,
    crls: Sequence[Crl] = (),
    *,
    require_crl: bool = False,
) -> Chain | Rejected:
    """The chain of a certificate that signs calls. others: what came with it. now: seconds since 1970.

    Rejected, all 437: bad_certificate, untrusted, expired, not_yet_valid, bad_chain, not_authorised (beyond a
    delegating parent), revoked, revocation_unknown (with require_crl, where no list speaks for one of them).
    """
    fault: Rejected | None = None
    furthest = 0
    for path in _paths(leaf, others, trust):
        found = _fault(path, trust, now, crls, require_crl)
        if found is None:
            # last, so that what is wrong further up is told of a CA's certificate too
            if unfit := _unfit(leaf):
                return unfit
            return Chain(
                tuple(path),
                max(c.not_before for c in path),
                min(c.not_after for c in path),
                leaf.tn_auth,
                tuple(c.constraints for c in path if c.constraints is not None),
            )
        if fault is None or found[0] > furthest:
            furthest, fault = found
    return fault or _no("untrusted", f"no way from {leaf.subject} to a trusted root")


def _unfit(leaf: Certificate) -> Rejected | None:
    if leaf.is_ca:
        return _no("bad_chain", f"{leaf.subject} is a CA's, and signs no calls")
    if leaf.key_usage is not None and "digitalSignature" not in leaf.key_usage:
        return _no("bad_chain", f"the key usage of {leaf.subject} has no digitalSignature")
    return None


def _paths(
    certificate: Certificate, others: Sequence[Certificate], trust: TrustStore
) -> Iterator[list[Certificate]]:
    """Each way up that signatures make, roots before others."""
    left = MAX_SIGNATURES
    waiting = [[certificate]]
    while waiting:
        path = waiting.pop()
        top = path[-1]
        if top in trust.roots:
            yield path
            continue
        if len(path) == MAX_LENGTH:
            continue
        above = []
        for parent in (*trust.roots, *others):
            if parent.subject_name != top.issuer_name or parent in path or not left:
                continue
            if top.akid and parent.skid and top.akid != parent.skid:
                continue
            left -= 1
            if _issued(top, parent) if top.is_ca else is_signed_by(top.x509, parent.public_key):
                above.append([*path, parent])
        waiting += reversed(above)


@functools.lru_cache(maxsize=1024)  # few CAs stand over many leafs
def _issued(child: Certificate, parent: Certificate) -> bool:
    return is_signed_by(child.x509, parent.public_key)


def _fault(
    path: list[Certificate], trust: TrustStore, now: float, crls: Sequence[Crl], require_crl: bool
) -> tuple[int, Rejected] | None:
    """What is wrong with a way, from the root down, and how far down that is."""
    for at in range(len(path) - 1, -1, -1):
        certificate = path[at]
        depth = len(path) - at
        # CAs between this one and the leaf; those that a CA issues to itself do not count
        below = sum(c.issuer_name != c.subject_name for c in path[1:at])
        found = _own_fault(certificate, now) or (at and _ca_fault(certificate, path[at - 1], below)) or None
        if found is None and at < len(path) - 1:
            found = _revocation(certificate, path[at + 1 :], trust, now, crls, require_crl)
        if found is not None:
            return depth, found
    return None


def _own_fault(certificate: Certificate, now: float) -> Rejected | None:
    name = certificate.subject
    if now < certificate.not_before:
        return _no("not_yet_valid", f"{name} is not yet in force")
    if now > certificate.not_after:
        return _no("expired", f"{name} is no longer in force")
    if certificate.unknown_critical:
        return _no("bad_chain", f"{name} has a critical extension: {certificate.unknown_critical[0]}")
    if fault := certificate.tn_auth_fault or certificate.constraints_fault:
        return _no("bad_certificate", f"{name}: {fault}")
    return None


def _ca_fault(parent: Certificate, child: Certificate, below: int) -> Rejected | None:
    name = parent.subject
    if not parent.is_ca:
        return _no("bad_chain", f"{name} has issued {child.subject}, but is no CA")
    if parent.key_usage is not None and "keyCertSign" not in parent.key_usage:
        return _no("bad_chain", f"the key usage of {name} has no keyCertSign")
    if parent.path_length is not None and below > parent.path_length:
        return _no("bad_chain", f"{name} allows {parent.path_length} CAs below it, and there are {below}")
    if parent.tn_auth is not None and (child.tn_auth is None or not child.tn_auth.within(parent.tn_auth)):
        return _no("not_authorised", f"{child.subject} goes beyond the numbers of its parent {name}")
    return None


def _revocation(
    certificate: Certificate,
    above: Sequence[Certificate],
    trust: TrustStore,
    now: float,
    crls: Sequence[Crl],
    require_crl: bool,
) -> Rejected | None:
    known = False
    for crl in crls:
        own = crl.issuer_name == certificate.issuer_name and any(
            # an issuer that changed its key signs one list with the new one
            crl.is_signed_by(issuer)
            for issuer in (above[0], *(r for r in trust.roots if r.subject_name == above[0].subject_name))
        )
        if not own and not any(crl.is_signed_by(signer) for signer in trust.crl_signers):
            continue
        # what an old list revokes stays revoked; that it is silent says something only while it is in force
        if crl.revoked(certificate):
            return _no("revoked", f"{certificate.subject} is on the list of {crl.issuer}")
        known = known or ((own or crl.is_indirect) and crl.clears(certificate, now))
    if require_crl and not known:
        return _no("revocation_unknown", f"no list in force speaks for {certificate.subject}")
    return None


def _no(reason: str, detail: str) -> Rejected:
    return Rejected(reason, 437, detail)
