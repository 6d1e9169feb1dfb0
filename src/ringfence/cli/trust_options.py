"""Whom `ringfence verify` trusts: its options as values."""

from __future__ import annotations

import datetime as dt
import math
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING

from ringfence.errors import InputError, UsageError

if TYPE_CHECKING:
    from cryptography.hazmat.primitives.asymmetric.ec import EllipticCurvePublicKey

    from ringfence.model.fetching import Fetched, Fetcher
    from ringfence.verify.certificate import Certificate
    from ringfence.verify.credential import CredentialSource
    from ringfence.verify.crl import Crl
    from ringfence.verify.policy import Policy
    from ringfence.verify.trust import TrustStore


def clock(text: str | None) -> float | None:
    """--at as seconds since 1970; None where it is not given. Raises UsageError."""
    if text is None:
        return None
    try:
        seconds = float(text)
        if math.isfinite(seconds):
            return seconds
    except ValueError:
        pass
    try:
        parsed = dt.datetime.fromisoformat(text)
    except ValueError:
        raise UsageError(
            f"--at {text!r}: no time; write 2026-03-31T12:00:00Z, or seconds since 1970"
        ) from None
    return (parsed if parsed.tzinfo else parsed.replace(tzinfo=dt.UTC)).timestamp()


def load_policy(name: str, region: str | None) -> Policy:
    """A named policy, or that of a file. Raises ConfigError."""
    import msgspec

    from ringfence.verify.policy import POLICIES, read_policy

    policy = POLICIES.get(name)
    if policy is None:
        if not Path(name).is_file():
            raise UsageError(f"--policy {name}: no such file, and none of {', '.join(POLICIES)}")
        policy = read_policy(read_file(Path(name)).decode("utf-8", "replace"), name)
    elif region is None:
        region = "GB" if policy.region == "001" else policy.region
    return msgspec.structs.replace(policy, region=region) if region else policy


def read_file(path: Path) -> bytes:
    """A file's bytes. Raises InputError."""
    try:
        return path.read_bytes()
    except OSError as error:
        raise InputError(f"{path}: cannot be read ({error.strerror}); check the path") from error


class _OneFile:
    """A file in place of whatever x5u names."""

    def __init__(self, path: Path) -> None:
        self._body = read_file(path)

    def fetch(self, url: str, now: float) -> Fetched:
        from ringfence.model.fetching import Fetched

        return Fetched(self._body, now + 3600)


def credential_source(
    trust: Sequence[Path],
    trust_signer: Path | None,
    crls: Sequence[Path],
    crl_signers: Sequence[Path],
    cert: Path | None,
    key: Path | None,
    config: Path | None,
    policy: Policy,
    signature_only: bool,
    now: float,
) -> CredentialSource:
    """Where the keys come from that tokens are held to. Raises InputError or UsageError, one line."""
    from ringfence.verify.credential import BareKey, Credentials, Untraced

    if key is not None:
        return BareKey(_public_key(key))
    fetcher: Fetcher = _OneFile(cert) if cert is not None else _fetcher(config)
    if signature_only:
        return Untraced(fetcher)
    return Credentials(
        fetcher,
        load_trust(trust, trust_signer, now, crl_signers),
        [load_crl(path) for path in crls],
        need_revocation_list=policy.need_revocation_list,
    )


def _fetcher(config: Path | None) -> Fetcher:
    from ringfence.config import load_settings
    from ringfence.serve.fetching import HttpFetcher

    return HttpFetcher(load_settings(config).fetch)


def _public_key(path: Path) -> EllipticCurvePublicKey:
    from cryptography.hazmat.primitives.asymmetric.ec import SECP256R1, EllipticCurvePublicKey
    from cryptography.hazmat.primitives.serialization import load_pem_public_key

    try:
        key = load_pem_public_key(read_file(path))
    except ValueError:
        raise InputError(f"{path}: no public key in PEM; write one with openssl pkey -pubout") from None
    if not isinstance(key, EllipticCurvePublicKey) or not isinstance(key.curve, SECP256R1):
        raise InputError(f"{path}: not a P-256 key, which ES256 needs")
    return key


def load_certificates(path: Path) -> tuple[Certificate, ...]:
    """The certificates of a file. Raises InputError."""
    from ringfence.model.rejected import Rejected
    from ringfence.verify.certificate import parse_certificates

    read = parse_certificates(read_file(path))
    if isinstance(read, Rejected):
        raise InputError(f"{path}: {read.detail}; give a certificate")
    return read


def load_trust(
    paths: Sequence[Path], signer: Path | None, now: float, crl_signers: Sequence[Path] = ()
) -> TrustStore:
    """The roots of PEM bundles and of CA lists, which `signer` signs. Raises InputError or UsageError."""
    from ringfence.model.rejected import Rejected
    from ringfence.verify.trust import TrustStore, read_ca_list, read_pem

    roots: list[Certificate] = []
    for path in paths:
        data = read_file(path)
        if b"-----BEGIN" in data[:65536] or data[:1] == b"\x30":
            store = read_pem(data)
        elif signer is None:
            raise UsageError(f"--trust {path}: a CA list is believed by its signer: give --trust-signer FILE")
        else:
            store = read_ca_list(data, load_certificates(signer)[0], now)
        if isinstance(store, Rejected):
            raise InputError(f"{path}: {store.detail}")
        roots += store.roots
    return TrustStore(tuple(roots), tuple(c for path in crl_signers for c in load_certificates(path)))


def load_crl(path: Path) -> Crl:
    """A revocation list. Raises InputError."""
    from ringfence.model.rejected import Rejected
    from ringfence.verify.crl import parse_crl

    crl = parse_crl(read_file(path))
    if isinstance(crl, Rejected):
        raise InputError(f"{path}: {crl.detail}")
    return crl
