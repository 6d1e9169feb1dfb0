"""RFC 5480 and RFC 5758: elliptic curve keys and ECDSA signatures in certificates."""

from __future__ import annotations

from cryptography.exceptions import UnsupportedAlgorithm
from cryptography.hazmat.primitives.serialization import load_der_public_key

from ringfence.verify.lint import der
from ringfence.verify.lint.fields import Fields
from ringfence.verify.lint.oids import Alg
from ringfence.verify.lint.rules import Rulebook, any_certificate

KEYS = Rulebook("RFC5480")
SIGNATURES = Rulebook("RFC5758")


@KEYS.rule("e_ec_key_without_named_curve", "2.1.1", "an EC key names its curve", any_certificate)
def named_curve(c: Fields) -> str | None:
    parameters = c.key_algorithm.parameters
    if c.key_algorithm.oid != Alg.EC_KEY or (parameters and parameters.tag == der.OID):
        return None
    return "the key does not name its curve"


@KEYS.rule("e_ec_key_not_on_curve", "2.2", "an EC key is a point of its curve", any_certificate)
def on_curve(c: Fields) -> str | None:
    parameters = c.key_algorithm.parameters
    if c.key_algorithm.oid != Alg.EC_KEY or parameters is None or parameters.tag != der.OID:
        return None
    try:
        load_der_public_key(c.key_info)
    except UnsupportedAlgorithm:
        return None
    except ValueError:
        return "the key is no point of its curve"
    return None


@SIGNATURES.rule("e_ecdsa_signature_parameters", "3.2", "no parameters in ECDSA algorithms", any_certificate)
def ecdsa_parameters(c: Fields) -> str | None:
    for algorithm in (c.inner_algorithm, c.outer_algorithm):
        if algorithm.oid.startswith("1.2.840.10045.4.3.") and algorithm.parameters is not None:
            return (
                f"{Alg.SHORT.get(algorithm.oid, algorithm.oid)} has parameters, which strict parsers refuse"
            )
    return None
