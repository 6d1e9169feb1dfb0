"""Published tokens, and the verdict that the signature and the claims of each deserve (corpus, passport/)."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from cryptography.hazmat.primitives.asymmetric.ec import EllipticCurvePublicKey
from cryptography.hazmat.primitives.serialization import load_pem_public_key
from tests.verify.calls import Shelf

from ringfence.model.call import Call
from ringfence.model.passport import Passport
from ringfence.model.rejected import Rejected
from ringfence.model.verification import Step, Verification
from ringfence.verify.certificate import Certificate, parse_certificates
from ringfence.verify.chain import Chain, build_chain
from ringfence.verify.credential import BareKey, CredentialSource, Untraced
from ringfence.verify.passport import open_token, parse_token, signing_input, to_token
from ringfence.verify.policy import OBSERVE
from ringfence.verify.signature import signature_holds
from ringfence.verify.trust import TrustStore
from ringfence.verify.verifier import Verifier

pytestmark = pytest.mark.corpus

#: Of each vector: whether the signature is that of the key beside it; the reason for which its claims are
#: refused, "" where they are good; and the ppt.
EXPECTED = {
    "rfc8225-appendix-a": (False, "", ""),  # RFC 8225's keys are not those that made it
    "rfc8225-sec7-example": (True, "bad_syntax", ""),  # iat is a text
    "rfc8224-token1": (True, "bad_syntax", ""),  # the same token
    "libstirshaken-ref-token1": (True, "bad_syntax", "shaken"),  # orig and dest are texts
    "libstirshaken-ref-token2": (True, "bad_syntax", "shaken"),
    "libstirshaken-readme-1": (True, "", "shaken"),
    "libstirshaken-readme-2": (True, "", "shaken"),
    "libstirshaken-readme-3": (True, "bad_syntax", "shaken"),  # orig is "Bob"
    "libstirshaken-readme-4": (False, "bad_syntax", ""),  # JWTs of ACME, no PASSporTs
    "libstirshaken-readme-5": (False, "bad_syntax", ""),
    "rfc8946-token1": (True, "", "div"),
    "rfc8946-token2": (True, "", "div"),
    "rfc8946-token3": (True, "bad_syntax", "div-o"),  # dest.tn is a text where a list is due
    "rfc8946-opt-inner": (True, "", ""),
}


@pytest.fixture(scope="module")
def folder(corpus: Path) -> Path:
    return corpus / "passport"


@pytest.fixture(scope="module")
def vectors(folder: Path) -> dict[str, dict[str, str]]:
    return {one["id"]: one for one in json.loads((folder / "index.json").read_text())}


def text_of(vector: dict[str, str], folder: Path) -> str:
    return "".join((folder / vector["token"]).read_text().split())


def source_of(vector: dict[str, str], folder: Path) -> CredentialSource:
    """The key beside a vector, bare or in a certificate whoever issued it."""
    if "key" in vector:
        key = load_pem_public_key((folder / vector["key"]).read_bytes())
        assert isinstance(key, EllipticCurvePublicKey)
        return BareKey(key)
    return Untraced(_Everywhere((folder / vector["cert"]).read_bytes()))


class _Everywhere(Shelf):
    """The same certificate at every address."""

    def __init__(self, body: bytes) -> None:
        super().__init__()
        self.body = body

    def fetch(self, url: str, now: float):  # type: ignore[no-untyped-def]
        self.bodies[url] = self.body
        return super().fetch(url, now)


def signatures(vector: dict[str, str], folder: Path) -> Verification:
    token = text_of(vector, folder)
    opened = open_token(token)
    header = token
    if not isinstance(opened, Rejected):
        header += f";info=<{opened.x5u}>;alg=ES256" + (f";ppt={opened.ppt}" if opened.ppt else "")
    return Verifier(source_of(vector, folder), OBSERVE).signatures(Call(identity=(header,)), 0.0)


def test_each_vector_is_expected(vectors: dict[str, dict[str, str]]) -> None:
    assert {name for name, one in vectors.items() if one["kind"] == "passport"} == set(EXPECTED)


@pytest.mark.parametrize("name", EXPECTED)
def test_signature(name: str, vectors: dict[str, dict[str, str]], folder: Path) -> None:
    holds, fault, _ = EXPECTED[name]
    vector = vectors[name]
    # what the corpus says of it, in its words
    assert holds == (
        vector["expected"].upper().startswith(("SIGNATURE VALID", "VALID")) and name[-1] not in "45"
    )
    (found,) = signatures(vector, folder).passports
    if holds:
        assert (found.reason, found.step) == ("", None)
    elif fault:
        assert (found.reason, found.step) == ("bad_syntax", Step.HEADER)  # no x5u: no info either
    else:
        assert (found.reason, found.step) == ("bad_signature", Step.SIGNATURE)


@pytest.mark.parametrize("name", EXPECTED)
def test_claims(name: str, vectors: dict[str, dict[str, str]], folder: Path) -> None:
    _, fault, ppt = EXPECTED[name]
    found = parse_token(text_of(vectors[name], folder))
    if fault:
        assert isinstance(found, Rejected) and (found.reason, found.status) == (fault, 438)
    else:
        assert isinstance(found, Passport) and found.ppt == ppt


def test_the_appendix_is_written_octet_by_octet(folder: Path) -> None:
    """Encoding is what RFC 8225 appendix A can prove, and it does."""
    whole = "".join((folder / "rfc8225" / "token_full.txt").read_text().split())
    compact = "".join((folder / "rfc8225" / "token_compact.txt").read_text().split())
    found = parse_token(whole)
    assert isinstance(found, Passport)
    octets = signing_input(found.ppt, found.x5u, found.claims)
    assert octets == found.signed
    assert to_token(octets, found.signature) == whole
    assert to_token(octets, found.signature, compact=True) == compact


def test_no_other_key_of_the_corpus_signed_a_vector(vectors: dict[str, dict[str, str]], folder: Path) -> None:
    keys = [load_pem_public_key(f.read_bytes()) for f in sorted(folder.glob("*/pub.pem"))]
    for name, (holds, _, _) in EXPECTED.items():
        token = open_token(text_of(vectors[name], folder))
        if isinstance(token, Rejected):
            continue
        signed = [signature_holds(key, token.signature, token.signed) for key in keys]  # type: ignore[arg-type]
        assert sum(signed) == (holds and "key" in vectors[name])


def test_the_token_that_asks_for_a_certificate(vectors: dict[str, dict[str, str]], folder: Path) -> None:
    """An SPC token of the STI-PA is no PASSporT, whoever signed it."""
    token = (folder / vectors["libstirshaken-spc-token"]["token"]).read_text().strip()
    assert isinstance(parse_token(token), Rejected)


def test_chains(vectors: dict[str, dict[str, str]], folder: Path) -> None:
    def chain(name: str) -> Chain | Rejected:
        read = {}
        for role, file in zip(("leaf", "ca"), vectors[name]["files"], strict=True):
            found = parse_certificates((folder / file).read_bytes())
            assert isinstance(found, tuple) and isinstance(found[0], Certificate), found
            read[role] = found[0]
        leaf, root = read["leaf"], read["ca"]
        middle = (max(leaf.not_before, root.not_before) + min(leaf.not_after, root.not_after)) / 2
        return build_chain(leaf, (), TrustStore((root,)), middle)

    # its root signed it, but its TNAuthList is the text of an address, so that it may speak for nobody
    good = chain("libstirshaken-chain")
    assert isinstance(good, Rejected) and good.reason == "bad_certificate" and "TNAuthList" in good.detail
    wrong = chain("libstirshaken-wrongsp")
    assert isinstance(wrong, Rejected) and wrong.reason == "untrusted"
