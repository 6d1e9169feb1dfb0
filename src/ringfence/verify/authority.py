"""A certificate authority for trials: whatever a call has to pass, issued in a moment and worth nothing.

Root, intermediate, signing certificates by service provider code and by number, a delegate (RFC 9060), one
that oversteps its parent, one with claim constraints, a revoked one, the lists that tell, and all keys. They
follow ATIS-1000080 section 6.4.1 as `ringfence.verify.lint` knows it, end after a week at most, speak for
numbers that are nobody's, say TEST ONLY, and are trusted by nothing that does not name them.
"""

from __future__ import annotations

import base64
import datetime as dt
from typing import NamedTuple

import msgspec
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.asymmetric.utils import decode_dss_signature
from cryptography.x509.oid import NameOID

from ringfence.errors import UsageError
from ringfence.verify import constraints, tnauthlist
from ringfence.verify.constraints import ClaimConstraints, encode_constraints
from ringfence.verify.tnauthlist import TNAuthList, encode_tnauthlist

#: The service provider code of the test provider: no company code of any register has this form.
SPC = "TEST"

#: Numbers that Ofcom and NANPA keep for drama, first and how many.
UK_MOBILE = ("447700900000", 1000)
UK_LONDON = ("442079460000", 1000)
US_NUMBERS = (("12025550100", 100), ("12125550100", 100))

LONGEST_DAYS = 7

#: id-TEST-certPolicyOne (RFC 7229): the policy of nobody. To name the US policy would be a false statement.
POLICY = x509.ObjectIdentifier("1.3.6.1.5.5.7.13.1")

CRL_URL = "https://pki.example.test/crl.pem"
STI_PA_URL = "https://pki.example.test/sti-pa.pem"

#: A clock that is behind ours by this many seconds still takes what was just issued.
SKEW = 3600

#: What is issued, each with its key, and those that sign calls with their chain.
PURPOSES = {
    "root": "the root; name it to trust all of the others",
    "intermediate": "the CA below the root",
    "sp": f"signs calls as the provider {SPC}, whatever the number",
    "tn": "signs calls from the drama ranges of the UK and the US",
    "delegate-ca": "a customer's CA that may delegate +44 7700 900000 to 900999 (RFC 9060)",
    "delegate": "its delegate, for +44 7700 900100 to 900199 and 900250",
    "outside": "a delegate that claims numbers which its parent has not: must be refused",
    "limited": "may attest B and C alone (RFC 8226 section 8)",
    "revoked": "revoked by both revocation lists: must be refused",
    "sti-pa": "signs ca-list.jws and sti-pa-crl.pem",
}

#: The files beside them.
LISTS = {
    "crl.pem": "revocation list of the CA below the root",
    "sti-pa-crl.pem": "the same, indirect: by the policy administrator, as SHAKEN has it",
    "ca-list.jws": "list of trusted roots in the policy administrator's form",
}


class _Holder(NamedTuple):
    certificate: x509.Certificate
    key: ec.EllipticCurvePrivateKey

    def pem(self) -> bytes:
        return self.certificate.public_bytes(serialization.Encoding.PEM)


class _Authority:
    """Issues for one span of time."""

    def __init__(self, now: float, days: float) -> None:
        self.now = dt.datetime.fromtimestamp(int(now), dt.UTC)
        self.start = self.now - dt.timedelta(seconds=SKEW)
        self.end = self.now + dt.timedelta(days=days)

    def issue(
        self,
        words: str,
        issuer: _Holder | None,
        usage: str,
        *,
        path_length: int | None = -1,
        tn_auth: TNAuthList | None = None,
        limits: ClaimConstraints | None = None,
    ) -> _Holder:
        """A certificate, self-signed without an issuer; of a CA where it has a path length (None: any)."""
        key = ec.generate_private_key(ec.SECP256R1())
        signer = issuer.key if issuer else key
        subject = _name(words)
        extensions: list[tuple[x509.ExtensionType, bool]] = [
            (
                x509.BasicConstraints(True, path_length)
                if path_length != -1
                else x509.BasicConstraints(False, None),
                True,
            ),
            (_key_usage(usage), True),
            (x509.SubjectKeyIdentifier.from_public_key(key.public_key()), False),
            (x509.AuthorityKeyIdentifier.from_issuer_public_key(signer.public_key()), False),
        ]
        if issuer:
            point = x509.DistributionPoint([x509.UniformResourceIdentifier(CRL_URL)], None, None, None)
            extensions += [
                (x509.CertificatePolicies([x509.PolicyInformation(POLICY, None)]), False),
                (x509.CRLDistributionPoints([point]), False),
            ]
        if tn_auth:
            extensions.append((_raw(tnauthlist.OID, encode_tnauthlist(tn_auth)), False))
        if limits:
            extensions.append((_raw(constraints.OID, encode_constraints(limits)), False))
        builder = (
            x509.CertificateBuilder()
            .subject_name(subject)
            .issuer_name(issuer.certificate.subject if issuer else subject)
            .public_key(key.public_key())
            .serial_number(x509.random_serial_number())
            .not_valid_before(self.start)
            .not_valid_after(self.end)
        )
        for extension, critical in extensions:
            builder = builder.add_extension(extension, critical)
        return _Holder(builder.sign(signer, hashes.SHA256()), key)

    def revocation_list(self, signer: _Holder, revoked: _Holder, *, indirect: bool) -> bytes:
        """A CRL of one entry, in PEM (RFC 5280 section 5; indirect: section 5.3.3)."""
        entry = (
            x509.RevokedCertificateBuilder()
            .serial_number(revoked.certificate.serial_number)
            .revocation_date(self.start)
        )
        builder = (
            x509.CertificateRevocationListBuilder()
            .issuer_name(signer.certificate.subject)
            .last_update(self.start)
            .next_update(self.end)
            .add_extension(
                x509.AuthorityKeyIdentifier.from_issuer_public_key(signer.key.public_key()), critical=False
            )
            .add_extension(x509.CRLNumber(1), critical=False)
        )
        if indirect:
            issuer = x509.CertificateIssuer([x509.DirectoryName(revoked.certificate.issuer)])
            entry = entry.add_extension(issuer, critical=True)
            scope = x509.IssuingDistributionPoint(None, None, False, False, None, True, False)
            builder = builder.add_extension(scope, critical=True)
        signed = builder.add_revoked_certificate(entry.build()).sign(signer.key, hashes.SHA256())
        return signed.public_bytes(serialization.Encoding.PEM)

    def ca_list(self, signer: _Holder, root: _Holder) -> bytes:
        """The list of trusted roots as the policy administrator publishes it: a JWS, compact, ES256."""
        header = {"alg": "ES256", "typ": "JWT", "x5u": STI_PA_URL}
        payload = {
            "version": "1.0",
            "sequence": 1,
            "exp": int(self.end.timestamp()),
            "trustList": [root.pem().decode()],
        }
        signed = b".".join(_base64url(msgspec.json.encode(part)) for part in (header, payload))
        r, s = decode_dss_signature(signer.key.sign(signed, ec.ECDSA(hashes.SHA256())))
        return signed + b"." + _base64url(r.to_bytes(32) + s.to_bytes(32))


def issue_test_authority(now: float, days: float = LONGEST_DAYS) -> dict[str, bytes]:
    """Files by name: NAME.pem and NAME.key for each of PURPOSES, NAME-chain.pem (the certificate, then its
    intermediates) for those that sign calls, and LISTS.

    now: seconds since 1970; what is issued is valid from an hour before, for `days` after. Keys are PKCS #8
    in PEM, not encrypted. Raises UsageError for more than seven days: it is for trials.
    """
    if not 0 < days <= LONGEST_DAYS:
        raise UsageError(f"a test authority lasts up to {LONGEST_DAYS} days, not {days:g}")
    authority = _Authority(now, days)
    issue = authority.issue
    all_numbers = (UK_MOBILE, UK_LONDON, *US_NUMBERS)
    provider = TNAuthList(spcs=(SPC,))
    delegated = TNAuthList(ranges=(("447700900100", 100),), numbers=("447700900250",))
    few_attestations = ClaimConstraints(("attest",), {"attest": ("B", "C")})

    root = issue("TEST ONLY ROOT", None, "key_cert_sign", path_length=None)
    ca = issue("TEST ONLY CA", root, "key_cert_sign crl_sign", path_length=1)
    parent = issue(
        "TEST ONLY delegate CA", ca, "key_cert_sign", path_length=0, tn_auth=TNAuthList(ranges=(UK_MOBILE,))
    )
    spc = f"{SPC} TEST ONLY"
    signers = {
        "sp": (issue(spc, ca, _SIGNS, tn_auth=provider), [ca]),
        "tn": (issue("TEST ONLY numbers", ca, _SIGNS, tn_auth=TNAuthList(ranges=all_numbers)), [ca]),
        "delegate": (issue("TEST ONLY delegate", parent, _SIGNS, tn_auth=delegated), [parent, ca]),
        "outside": (
            issue("TEST ONLY outside", parent, _SIGNS, tn_auth=TNAuthList(ranges=(UK_LONDON,))),
            [parent, ca],
        ),
        "limited": (issue(spc, ca, _SIGNS, tn_auth=provider, limits=few_attestations), [ca]),
        "revoked": (issue(spc, ca, _SIGNS, tn_auth=provider), [ca]),
    }
    administrator = issue("TEST ONLY STI-PA", None, f"{_SIGNS} crl_sign")
    revoked = signers["revoked"][0]
    holders = {
        "root": root,
        "intermediate": ca,
        "delegate-ca": parent,
        "sti-pa": administrator,
        **{name: holder for name, (holder, _) in signers.items()},
    }
    files: dict[str, bytes] = {}
    for name in PURPOSES:
        holder = holders[name]
        files[f"{name}.pem"] = holder.pem()
        if name in signers:
            files[f"{name}-chain.pem"] = b"".join(h.pem() for h in (holder, *signers[name][1]))
        files[f"{name}.key"] = holder.key.private_bytes(
            serialization.Encoding.PEM,
            serialization.PrivateFormat.PKCS8,
            serialization.NoEncryption(),
        )
    return files | {
        "crl.pem": authority.revocation_list(ca, revoked, indirect=False),
        "sti-pa-crl.pem": authority.revocation_list(administrator, revoked, indirect=True),
        "ca-list.jws": authority.ca_list(administrator, root),
    }


_SIGNS = "digital_signature"

_USAGES = (
    "digital_signature",
    "content_commitment",
    "key_encipherment",
    "data_encipherment",
    "key_agreement",
    "key_cert_sign",
    "crl_sign",
    "encipher_only",
    "decipher_only",
)


def _key_usage(usage: str) -> x509.KeyUsage:
    return x509.KeyUsage(**{name: name in usage.split() for name in _USAGES})


def _name(words: str) -> x509.Name:
    return x509.Name(
        [
            x509.NameAttribute(NameOID.COUNTRY_NAME, "US"),
            x509.NameAttribute(NameOID.ORGANIZATION_NAME, "TEST ONLY"),
            x509.NameAttribute(NameOID.COMMON_NAME, f"SHAKEN {words}"),
        ]
    )


def _raw(oid: str, value: bytes) -> x509.UnrecognizedExtension:
    return x509.UnrecognizedExtension(x509.ObjectIdentifier(oid), value)


def _base64url(octets: bytes) -> bytes:
    return base64.urlsafe_b64encode(octets).rstrip(b"=")
