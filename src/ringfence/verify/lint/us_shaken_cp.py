"""The United States SHAKEN certificate policy, versions 1.3 and 1.4, as the public SHAKEN linter quotes it.

The text itself was not at hand. A rule is in force from the day its version was approved for CA certificates;
for those of end entities 145 days later (1.3: 45 to submit a practice statement, 10 to approve it, 90 to
follow it) or 90 days later (1.4), as that linter has it.
"""

from __future__ import annotations

from ringfence.verify.lint.fields import Fields
from ringfence.verify.lint.oids import Ext, Name, Policy
from ringfence.verify.lint.rules import (
    Rulebook,
    ca_of_1_3,
    ca_of_1_4,
    intermediate,
    leaf,
    leaf_of_1_3,
    leaf_of_1_4,
    on,
)

BOOK = Rulebook("US_SHAKEN_CP")

V1_3, V1_3_LEAF = on(2021, 8, 18), on(2021, 8, 18, grace=145)
V1_4, V1_4_LEAF = on(2023, 6, 6), on(2023, 6, 6, grace=90)

KNOWN_POLICY = "one policy, and it is version 1.3 or 1.4 of the US SHAKEN certificate policy"


@BOOK.rule("e_shaken_certificate_policies_id", "1.2", KNOWN_POLICY, leaf, V1_3_LEAF)
@BOOK.rule("e_shaken_certificate_policies_id_ca", "1.2", KNOWN_POLICY, intermediate, V1_3)
def policy_id(c: Fields) -> str | None:
    found = c.policies or ()
    if len(found) != 1:
        return f"the certificate names {len(found) or 'no'} policies, not one"
    return None if found[0] in (Policy.US_1_3, Policy.US_1_4) else f"the policy is {found[0]}, not 1.3 or 1.4"


SERIAL_IN_NAME = "under version 1.3, a serialNumber attribute in the subject"


@BOOK.rule("e_us_cp_subject_sn_shall", "3.1", SERIAL_IN_NAME, leaf_of_1_3, V1_3_LEAF)
@BOOK.rule("e_us_cp_subject_sn_shall_ca", "3.1", SERIAL_IN_NAME, ca_of_1_3, V1_3)
def subject_serial_number(c: Fields) -> str | None:
    # it tells apart the certificates of one service provider, which the TNAuthList names
    if c.extension(Ext.TN_AUTH_LIST) is None or c.subject.last(Name.SERIAL_NUMBER):
        return None
    return "the subject has no serialNumber attribute, which version 1.3 demands"


SUBJECT_US = "under version 1.4, the subject's country (C) is US"


@BOOK.rule("e_atis_subject_c_us", "3.1", SUBJECT_US, leaf_of_1_4, V1_4_LEAF)
@BOOK.rule("e_atis_subject_c_us_ca", "3.1", SUBJECT_US, ca_of_1_4, V1_4)
def subject_country_us(c: Fields) -> str | None:
    found = c.subject.values(Name.COUNTRY)
    return None if found == ["US"] else f"the subject's country is {' and '.join(found) or 'absent'}, not US"


ISSUER_US = "under version 1.4, the issuer's country (C) is US"


@BOOK.rule("e_us_cp_issuer_c_us", "3.1", ISSUER_US, leaf_of_1_4, V1_4_LEAF)
@BOOK.rule("e_us_cp_issuer_c_us_ca", "3.1", ISSUER_US, ca_of_1_4, V1_4)
def issuer_country_us(c: Fields) -> str | None:
    found = c.issuer.values(Name.COUNTRY)
    return None if found == ["US"] else f"the issuer's country is {' and '.join(found) or 'absent'}, not US"
