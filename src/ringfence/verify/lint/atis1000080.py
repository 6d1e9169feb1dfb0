"""ATIS-1000080 (SHAKEN: governance model and certificate management), section 6.4.1: STI certificates.

Here fields and names; extensions are in atis1000080_extensions. Versions 003 to 005, as the public SHAKEN
linter quotes them: the text itself was not at hand. A rule is in force from the day its version was published
for CA certificates, and 90 days later for those of end entities: what the US policy gives CAs to follow a
change, as that linter has it.
"""

from __future__ import annotations

import re

from ringfence.verify.lint import der
from ringfence.verify.lint.countries import COUNTRIES
from ringfence.verify.lint.fields import Fields
from ringfence.verify.lint.oids import Alg, Name, Policy
from ringfence.verify.lint.rules import (
    Rulebook,
    ca,
    leaf,
    names_policy,
    on,
    root,
)

BOOK = Rulebook("ATIS1000080")

V3, V3_LEAF = on(2020, 9, 4), on(2020, 9, 4, grace=90)
V4, V4_LEAF = on(2021, 10, 18), on(2021, 10, 18, grace=90)
V5, V5_LEAF = on(2022, 12, 12), on(2022, 12, 12, grace=90)

SECTION = "6.4.1"


@BOOK.rule("e_atis_version", SECTION, "version 3", leaf, V3_LEAF)
@BOOK.rule("e_atis_version_ca", SECTION, "version 3", ca, V3)
def version(c: Fields) -> str | None:
    return None if c.version == 3 else f"the certificate is of version {c.version}"


@BOOK.rule("e_atis_serial_number", SECTION, "a serial number greater than zero", leaf, V3_LEAF)
@BOOK.rule("e_atis_serial_number_ca", SECTION, "a serial number greater than zero", ca, V3)
def serial_number(c: Fields) -> str | None:
    return None if c.serial > 0 else "the serial number is not greater than zero"


RANDOM_SERIAL = "at least 64 bits of a secure random number generator in the serial number"


@BOOK.rule("e_atis_serial_number_size", SECTION, RANDOM_SERIAL, leaf, V5_LEAF)
@BOOK.rule("e_atis_serial_number_size_ca", SECTION, RANDOM_SERIAL, ca, V5)
def serial_number_size(c: Fields) -> str | None:
    bits = c.serial.bit_length()
    return None if bits >= 64 else f"the serial number has {bits} bits, not at least 64"


@BOOK.rule("e_atis_signature_algorithm", SECTION, "signed with ecdsa-with-SHA256", leaf, V3_LEAF)
@BOOK.rule("e_atis_signature_algorithm_ca", SECTION, "signed with ecdsa-with-SHA256", ca, V3)
def signature_algorithm(c: Fields) -> str | None:
    algorithm = c.outer_algorithm.oid
    # version 1.4 of the US policy (6.1.5) lets CAs sign with P-384 and SHA-384; roots name no policy
    if algorithm == Alg.ECDSA_SHA384 and (c.is_root or names_policy(c, Policy.US_1_4)):
        return None
    if algorithm == Alg.ECDSA_SHA256:
        return None
    return f"the certificate is signed with {Alg.SHORT.get(algorithm, algorithm)}, not ecdsa-with-SHA256"


COUNTRY_AND_NAME = "exactly one country (C) and one common name (CN) in the subject"


@BOOK.rule("e_atis_subject_dn", SECTION, COUNTRY_AND_NAME, leaf, V3_LEAF)
@BOOK.rule("e_atis_subject_dn_ca", SECTION, COUNTRY_AND_NAME, ca, V3)
def subject_dn(c: Fields) -> str | None:
    for kind, called in ((Name.COUNTRY, "country (C)"), (Name.COMMON_NAME, "common name (CN)")):
        count = len(c.subject.values(kind))
        if count != 1:
            return f"the subject has no {called}" if not count else f"the subject has {count} of {called}"
    return None


ONE_ORGANIZATION = "exactly one organization (O) in the subject: a legal name"


@BOOK.rule("e_atis_subject_o_required", SECTION, ONE_ORGANIZATION, leaf, V4_LEAF)
@BOOK.rule("e_atis_subject_o_required_ca", SECTION, ONE_ORGANIZATION, ca, V4)
def subject_organization(c: Fields) -> str | None:
    count = len(c.subject.values(Name.ORGANIZATION))
    return None if count == 1 else f"the subject has {count or 'no'} organizations (O), not one"


ISO_COUNTRY = "the country (C) is an ISO 3166-1 alpha-2 code"


@BOOK.rule("e_atis_subject_c_iso", SECTION, ISO_COUNTRY, leaf, V5_LEAF)
@BOOK.rule("e_atis_subject_c_iso_ca", SECTION, ISO_COUNTRY, ca, V5)
def subject_country(c: Fields) -> str | None:
    found = c.subject.values(Name.COUNTRY)
    if len(found) != 1:
        return "the subject has not exactly one country (C)"
    return None if found[0] in COUNTRIES else f"the country '{found[0]}' is no code of ISO 3166-1"


@BOOK.rule("e_atis_subject_cn", SECTION, "the word SHAKEN in the common name", leaf, V3_LEAF)
@BOOK.rule("e_atis_subject_cn_ca", SECTION, "the word SHAKEN in the common name", ca, V3)
def subject_cn(c: Fields) -> str | None:
    name = c.subject.last(Name.COMMON_NAME)
    return None if has_words("SHAKEN", name) else f"the common name '{name}' has no word SHAKEN"


@BOOK.rule("e_atis_subject_cn_root", SECTION, "the word ROOT, in any case, in a root's common name", root, V5)
def subject_cn_root(c: Fields) -> str | None:
    name = c.subject.last(Name.COMMON_NAME)
    return None if has_words("ROOT", name.upper()) else f"the common name '{name}' has no word ROOT"


def end_entity(certificate: Fields) -> bool:
    """Certificates that are no CA's and not self-signed."""
    return not certificate.is_ca and not certificate.is_self_signed


SHAKEN_SPC = "SHAKEN, one space and the SPC of the TNAuthList in the common name"


@BOOK.rule("e_atis_subject_cn_spc", SECTION, SHAKEN_SPC, end_entity, V4_LEAF)
def subject_cn_spc(c: Fields) -> str | None:
    if not c.spc:
        return "there is no TNAuthList with one SPC that the common name could repeat"
    wanted, name = f"SHAKEN {c.spc}", c.subject.last(Name.COMMON_NAME)
    return None if has_words(wanted, name) else f"the common name is '{name}', without '{wanted}'"


EC_256 = "a public key of id-ecPublicKey on P-256, of 256 bits"


@BOOK.rule("e_atis_subject_public_key", SECTION, EC_256, leaf, V3_LEAF)
@BOOK.rule("e_atis_subject_public_key_ca", SECTION, EC_256, ca, V3)
def subject_public_key(c: Fields) -> str | None:
    algorithm, parameters = c.key_algorithm.oid, c.key_algorithm.parameters
    if algorithm != Alg.EC_KEY:
        return f"the public key is of {Alg.SHORT.get(algorithm, algorithm)}, not id-ecPublicKey"
    curve = der.oid(parameters.content) if parameters and parameters.tag == der.OID else None
    if curve == Alg.P256:
        return None
    # version 1.4 of the US policy (6.1.5) has CAs on P-384 too
    if curve == Alg.P384 and c.is_ca and names_policy(c, Policy.US_1_4):
        return None
    return f"the public key is on {Alg.SHORT.get(curve or '', curve or 'no named curve')}, not P-256"


def has_words(words: str, text: str) -> bool:
    """Whether the words stand in the text, not as a part of longer words."""
    return re.search(rf"(?<![0-9A-Za-z_]){re.escape(words)}(?![0-9A-Za-z_])", text) is not None
