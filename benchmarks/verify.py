"""How fast calls are verified and signed, beside what does it fastest on the same core in the same run.

    python -m benchmarks.verify [--quick] [--corpus FOLDER] [--json]

Rates are of processor time of one core, the best of several turns in which all take part, so that what else
the machine does falls on all alike:

    openssl   `openssl speed ecdsap256`
    raw       the library's bare `key.sign` and `key.verify`, SHA-256 over the octets of a token included
    ours      signing: an Identity header from caller and called. Verifying: the header and the call in, the
              verdict out; SHAKEN policy, the chain cached, each call and token its own, replay memory on

The ratio is to the faster of openssl and raw: at least 0.7 for verifying, 0.5 for signing. Then the chains of
the real certificates built a second, from PEM as servers give it (at least 3,000); memory over 10,000,000
distinct tokens, of which each goes through the replay memory and one of a hundred through all of
verification, and over 100,000 distinct addresses of certificates (--quick: a twentieth), which must not grow
once the memories are full; and what a second process adds.
"""

from __future__ import annotations

import argparse
import base64
import functools
import gzip
import json
import os
import shutil
import subprocess
import time
from collections.abc import Callable, Iterator
from concurrent.futures import ProcessPoolExecutor
from email.utils import formatdate
from multiprocessing import get_context
from pathlib import Path
from typing import Any
from uuid import UUID

from cryptography.hazmat.primitives.asymmetric.ec import ECDSA
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.serialization import Encoding, load_pem_private_key

from benchmarks.measure import machine
from ringfence.model.call import Call
from ringfence.model.fetching import Fetched
from ringfence.model.passport import Passport
from ringfence.model.verification import Verdict
from ringfence.serve.verify_pool import verify_in_processes
from ringfence.verify.authority import issue_test_authority
from ringfence.verify.certificate import Certificate, is_signed_by, parse_certificate, parse_certificates
from ringfence.verify.chain import Chain, build_chain
from ringfence.verify.credential import Credentials
from ringfence.verify.passport import open_token, parse_token
from ringfence.verify.policy import SHAKEN
from ringfence.verify.rcd import build_rich
from ringfence.verify.replay import ReplayMemory
from ringfence.verify.signature import to_der
from ringfence.verify.signer import Signer
from ringfence.verify.trust import TrustStore, read_pem
from ringfence.verify.verifier import Verifier

URL = "https://certs.example.org/sp.pem"
FORWARD = "447700900456"


class Everywhere:
    """The same certificates at every address."""

    def __init__(self, body: bytes) -> None:
        self.body = body

    def fetch(self, url: str, now: float) -> Fetched:
        return Fetched(self.body + b"\n", now + 86_400.0)  # a text of its own for each address


def make_verifier(root: bytes, chain: bytes, replay: bool = False) -> Verifier:
    trust = read_pem(root)
    assert isinstance(trust, TrustStore)
    return Verifier(Credentials(Everywhere(chain), trust), SHAKEN, ReplayMemory() if replay else None)


class Provider:
    """A test provider, and calls that it signs: no two alike."""

    def __init__(self, now: float) -> None:
        self.now, self.iat = now, int(now)
        self.files = issue_test_authority(now)
        self.signer = self.at(URL)
        self.date = formatdate(self.iat, usegmt=True)
        self.recipe = functools.partial(make_verifier, self.files["root.pem"], self.files["sp-chain.pem"])

    def at(self, url: str) -> Signer:
        return Signer(self.files["sp.key"], self.files["sp-chain.pem"], url, now=self.now)

    def numbers(self, i: int) -> tuple[str, str]:
        return f"1{202 + i % 700}5550{100 + i // 700 % 100}", f"1{202 + i % 500}5550{199 - i // 500 % 100}"

    def header(self, i: int, signer: Signer | None = None) -> str:
        caller, called = self.numbers(i)
        signed = (signer or self.signer).shaken(caller, called, self.iat, "A", str(UUID(int=i)))
        assert isinstance(signed, str), signed
        return signed

    def call(self, i: int, signer: Signer | None = None) -> Call:
        caller, called = self.numbers(i)
        return Call(
            request_uri=f"sip:+{called}@sbc.example.net:5060;user=phone",
            to=f"sip:+{called}@example.net;user=phone",
            caller=f"sip:+{caller}@example.org;user=phone",
            asserted=(f"sip:+{caller}@example.org;user=phone",),
            date=self.date,
            identity=(self.header(i, signer),),
            call_id=f"{i:x}@192.0.2.1",
            source="192.0.2.1",
        )


def rate(work: Callable[[int], object], count: int) -> float:
    """Times a second of processor time."""
    began = time.process_time()
    for i in range(count):
        work(i)
    return count / (time.process_time() - began)


def openssl() -> tuple[float, float]:
    """Signatures made and checked a second by openssl's own loop; zeros where it is not installed."""
    if shutil.which("openssl") is None:
        return 0.0, 0.0
    command = ["openssl", "speed", "-seconds", "1", "ecdsap256"]
    words = subprocess.run(command, capture_output=True, text=True).stdout.split()
    return (float(words[-2]), float(words[-1])) if words else (0.0, 0.0)


def _verify(judges: Verifier, calls: list[Call], now: float, i: int) -> None:
    judges.verify(calls[i], now)


def rates(provider: Provider, turns: int, count: int) -> dict[str, float]:
    """Each the best of the turns."""
    calls = [provider.call(i) for i in range(count)]
    tokens = [open_token(call.identity[0].partition(";")[0]) for call in calls]
    pairs = [(to_der(t.signature), t.signed) for t in tokens]  # type: ignore[union-attr]
    key: Any = load_pem_private_key(provider.files["sp.key"], None)
    public, algorithm = key.public_key(), ECDSA(SHA256())
    received = parse_token(provider.header(0).partition(";")[0])
    rich = build_rich(nam="Example Bank", icn="https://cards.example.org/icon.png", crn="your appointment")
    assert isinstance(received, Passport) and isinstance(rich, dict)
    signer, iat, now = provider.signer, provider.iat, provider.now
    best: dict[str, float] = {}

    def better(name: str, value: float) -> None:
        best[name] = max(best.get(name, 0.0), value)

    for _ in range(turns):
        signs, verifies = openssl()
        better("openssl sign", signs)
        better("openssl verify", verifies)
        better("raw sign", rate(lambda i: key.sign(pairs[i][1], algorithm), count))
        better("raw verify", rate(lambda i: public.verify(*pairs[i], algorithm), count))
        judges = provider.recipe(replay=True)
        verify = functools.partial(_verify, judges, calls, now)
        better("verify", rate(verify, count))
        again = judges.verify(calls[-1], now)
        assert again.verdict is Verdict.VALID and again.passports[0].notes == ("repeated",), again
        better("sign shaken", rate(provider.header, count))
        better("sign plain", rate(lambda i: signer.plain(*provider.numbers(i), iat), count))
        better("sign rcd", rate(lambda i: signer.rcd(*provider.numbers(i), iat, rich), count))
        better("sign div", rate(lambda i: signer.div(received, FORWARD), count))
    return best


def chains(corpus: Path, most: int) -> dict[str, float]:
    """Chains a second of the real certificates: read from PEM, traced to their roots, each for the first
    time. Empty without the corpus."""
    folder = corpus / "certificates"
    if not folder.is_dir():
        return {}

    def stored(name: str) -> Iterator[Certificate]:
        with gzip.open(folder / name) as lines:
            for line in lines:
                found = parse_certificate(base64.b64decode(json.loads(line)["der_b64"]))
                if isinstance(found, Certificate):
                    yield found

    authorities = list(stored("shaken-ca.jsonl.gz"))
    roots = tuple(c for c in authorities if c.issuer_name == c.subject_name)
    trust = TrustStore(roots)
    work: list[tuple[bytes, float]] = []
    for leaf in stored("shaken-leaf.jsonl.gz"):
        middle = (leaf.not_before + leaf.not_after) / 2
        for above in authorities:
            if above.subject_name == leaf.issuer_name and is_signed_by(leaf.x509, above.public_key):
                if above not in roots and isinstance(build_chain(leaf, (above,), trust, middle), Chain):
                    pem = above.x509.public_bytes(Encoding.PEM)
                    work.append((leaf.x509.public_bytes(Encoding.PEM) + pem, middle))
                break
        if len(work) == most:
            break

    def cold(i: int) -> None:
        body, now = work[i]
        read = parse_certificates(body)
        assert isinstance(read, tuple)
        assert isinstance(build_chain(read[0], read[1:], trust, now), Chain)

    return {"chains": len(work), "a second": max(rate(cold, len(work)) for _ in range(3))}


def resident() -> float:
    """MiB of this process that are in memory."""
    pages = int(Path("/proc/self/statm").read_text().split()[1])
    return pages * os.sysconf("SC_PAGE_SIZE") / 2**20


def memory(tokens: int, addresses: int) -> dict[str, list[tuple[int, float]]]:
    """MiB after so many distinct tokens, then after so many distinct addresses of certificates, each with
    a text of its own around the same two certificates. Tokens come 2,000 a second, so that the
    replay memory is full at 200,000."""
    provider = Provider(time.time())
    judges = provider.recipe(replay=True)
    assert judges.replay is not None
    call = provider.call(0)
    flat: dict[str, list[tuple[int, float]]] = {"tokens": [], "addresses": []}
    every = tokens // 10
    for i in range(tokens):
        # one of a hundred is verified whole; to make and verify ten million would take a quarter of an hour
        judges.replay.seen(b"%d" % i, call.source, f"{i:x}@192.0.2.1", provider.now + i / 2000)
        if (i + 1) % 100 == 0:
            judges.verify(provider.call(i), provider.now)
        if (i + 1) % every == 0:
            flat["tokens"].append((i + 1, round(resident(), 1)))
    every = addresses // 10
    for i in range(addresses):
        signer = provider.at(f"https://certs.example.org/{i}.pem") if i % 1000 == 0 else None
        judges.credentials.get(f"https://certs.example.org/{i}.pem", provider.now)
        if signer is not None:
            assert judges.verify(provider.call(i, signer), provider.now).verdict is Verdict.VALID
        if (i + 1) % every == 0:
            flat["addresses"].append((i + 1, round(resident(), 1)))
    return flat


def scaling(provider: Provider, count: int, workers: int) -> dict[str, float]:
    """Calls a second by the clock, of one process and of several, from when they have begun."""
    calls = [(provider.call(i), provider.now) for i in range(4_000)]
    told: dict[str, float] = {}
    for processes in (1, workers):
        best = 0.0
        for _ in range(2):
            found = verify_in_processes((calls[i % 4_000] for i in range(count)), provider.recipe, processes)
            for _ in range(2_000):  # all have begun
                next(found)
            began = time.perf_counter()
            left = sum(one.verdict is Verdict.VALID for one in found)
            assert left == count - 2_000
            best = max(best, left / (time.perf_counter() - began))
        told[f"{processes} process{'es' * (processes > 1)}"] = best
    one, several = told.values()
    return told | {"ratio": several / one}


def main() -> None:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--quick", action="store_true", help="fewer turns, tokens and addresses")
    parser.add_argument("--corpus", type=Path, help="the folder of real data; by default RINGFENCE_CORPUS")
    parser.add_argument("--json", action="store_true", help="one JSON object instead of lines")
    given = parser.parse_args()
    quick = given.quick
    beside = Path(__file__).parents[2] / "shared" / "corpus"
    corpus = given.corpus or Path(os.environ.get("RINGFENCE_CORPUS") or beside)
    provider = Provider(time.time())
    best = rates(provider, 3 if quick else 8, 4_000 if quick else 10_000)
    fastest = {kind: max(best[f"openssl {kind}"], best[f"raw {kind}"]) for kind in ("sign", "verify")}
    ratios = {n: v / fastest[n.split()[0]] for n, v in best.items() if n.split()[0] in fastest}
    found: dict[str, Any] = {"machine": machine(), "rates": best, "ratios": ratios}
    if not given.json:
        print(found["machine"])
        for name, value in best.items():
            ratio = f"  {ratios[name]:.2f} of the faster" if name in ratios else ""
            print(f"{name:16}{value:10,.0f} a second{ratio}")
    found["cold chains"] = cold = chains(corpus, 4_000 if quick else 16_000)
    if not given.json:
        print(
            "cold chains     " + (f"{cold['a second']:10,.0f} a second" if cold else "  no corpus"),
            flush=True,
        )
    found["processes"] = pool = scaling(provider, 20_000 if quick else 60_000, max(2, os.cpu_count() or 2))
    if not given.json:
        for name, value in pool.items():
            print(f"{name:16}{value:10,.2f}" if name == "ratio" else f"{name:16}{value:10,.0f} a second")
    part = 20 if quick else 1
    # in a process of its own: what this one has freed would hide what is used
    with ProcessPoolExecutor(1, get_context("spawn")) as alone:
        flat = alone.submit(memory, 10_000_000 // part, 100_000 // part).result()
    found["memory"] = flat
    if given.json:
        print(json.dumps(found))
        return
    for name, points in flat.items():
        print(f"MiB after {name}: " + ", ".join(f"{count:,}: {mib:,.0f}" for count, mib in points))


if __name__ == "__main__":
    main()
