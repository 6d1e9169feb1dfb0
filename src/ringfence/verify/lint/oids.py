"""The object identifiers that the rules name, in dotted form."""

from __future__ import annotations

from typing import ClassVar, Final


class Ext:
    """Extensions: RFC 5280 section 4.2, RFC 8226 sections 8 and 9, RFC 9118 section 3."""

    SUBJECT_DIRECTORY: Final = "2.5.29.9"
    SUBJECT_KEY_ID: Final = "2.5.29.14"
    KEY_USAGE: Final = "2.5.29.15"
    SUBJECT_ALT_NAME: Final = "2.5.29.17"
    ISSUER_ALT_NAME: Final = "2.5.29.18"
    BASIC_CONSTRAINTS: Final = "2.5.29.19"
    NAME_CONSTRAINTS: Final = "2.5.29.30"
    CRL_POINTS: Final = "2.5.29.31"
    POLICIES: Final = "2.5.29.32"
    POLICY_MAPPINGS: Final = "2.5.29.33"
    AUTHORITY_KEY_ID: Final = "2.5.29.35"
    POLICY_CONSTRAINTS: Final = "2.5.29.36"
    EXTENDED_KEY_USAGE: Final = "2.5.29.37"
    FRESHEST_CRL: Final = "2.5.29.46"
    INHIBIT_ANY_POLICY: Final = "2.5.29.54"
    AUTHORITY_INFO: Final = "1.3.6.1.5.5.7.1.1"
    SUBJECT_INFO: Final = "1.3.6.1.5.5.7.1.11"
    TN_AUTH_LIST: Final = "1.3.6.1.5.5.7.1.26"
    CLAIM_CONSTRAINTS: Final = "1.3.6.1.5.5.7.1.27"
    ENHANCED_CONSTRAINTS: Final = "1.3.6.1.5.5.7.1.33"


class Name:
    """Attributes of names: RFC 5280 section 4.1.2.4 and appendix A."""

    COMMON_NAME: Final = "2.5.4.3"
    SURNAME: Final = "2.5.4.4"
    SERIAL_NUMBER: Final = "2.5.4.5"
    COUNTRY: Final = "2.5.4.6"
    LOCALITY: Final = "2.5.4.7"
    STATE: Final = "2.5.4.8"
    STREET: Final = "2.5.4.9"
    ORGANIZATION: Final = "2.5.4.10"
    UNIT: Final = "2.5.4.11"
    POSTAL_CODE: Final = "2.5.4.17"
    GIVEN_NAME: Final = "2.5.4.42"
    EMAIL: Final = "1.2.840.113549.1.9.1"

    #: What people call them (RFC 4514 section 3 and the names openssl prints).
    SHORT: ClassVar[dict[str, str]] = {
        COMMON_NAME: "CN",
        SURNAME: "SN",
        SERIAL_NUMBER: "serialNumber",
        COUNTRY: "C",
        LOCALITY: "L",
        STATE: "ST",
        STREET: "STREET",
        ORGANIZATION: "O",
        UNIT: "OU",
        POSTAL_CODE: "postalCode",
        GIVEN_NAME: "GN",
        EMAIL: "emailAddress",
    }


class Alg:
    """Algorithms and curves: RFC 5758 section 3.2, RFC 5480 section 2.1.1."""

    ECDSA_SHA256: Final = "1.2.840.10045.4.3.2"
    ECDSA_SHA384: Final = "1.2.840.10045.4.3.3"
    EC_KEY: Final = "1.2.840.10045.2.1"
    P256: Final = "1.2.840.10045.3.1.7"
    P384: Final = "1.3.132.0.34"
    RSA_KEY: Final = "1.2.840.113549.1.1.1"

    SHORT: ClassVar[dict[str, str]] = {
        ECDSA_SHA256: "ecdsa-with-SHA256",
        ECDSA_SHA384: "ecdsa-with-SHA384",
        "1.2.840.10045.4.3.4": "ecdsa-with-SHA512",
        EC_KEY: "id-ecPublicKey",
        P256: "P-256",
        P384: "P-384",
        "1.3.132.0.35": "P-521",
        RSA_KEY: "rsaEncryption",
        "1.2.840.113549.1.1.11": "sha256WithRSAEncryption",
        "1.2.840.113549.1.1.12": "sha384WithRSAEncryption",
        "1.2.840.113549.1.1.13": "sha512WithRSAEncryption",
        "1.2.840.113549.1.1.5": "sha1WithRSAEncryption",
    }

    #: The hash that each signature algorithm signs (cryptography's names).
    HASHES: ClassVar[dict[str, str]] = {
        ECDSA_SHA256: "SHA256",
        ECDSA_SHA384: "SHA384",
        "1.2.840.10045.4.3.4": "SHA512",
        "1.2.840.113549.1.1.5": "SHA1",
        "1.2.840.113549.1.1.11": "SHA256",
        "1.2.840.113549.1.1.12": "SHA384",
        "1.2.840.113549.1.1.13": "SHA512",
    }


class Policy:
    """Versions of the United States SHAKEN certificate policy, and anyPolicy (RFC 5280 section 4.2.1.4)."""

    ANY: Final = "2.5.29.32.0"
    US_1_3: Final = "2.16.840.1.114569.1.1.3"
    US_1_4: Final = "2.16.840.1.114569.1.1.4"
