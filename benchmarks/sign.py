"""How fast calls are signed, beside what signs fastest on the same core in the same run.

    python -m benchmarks.sign [--seconds 3]

Prints one JSON object: signatures a second of `openssl speed`, of the library's bare `key.sign`, and of whole
Identity headers by type (claims, checks, canonical JSON, ES256, header), each the best of three, with the
ratio to the faster of the two. The target is 0.5.
"""

from __future__ import annotations

import argparse
import json
import shutil
import subprocess
import time
from collections.abc import Callable

from cryptography.hazmat.primitives.asymmetric.ec import ECDSA
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.serialization import load_pem_private_key

from ringfence.model.passport import Passport
from ringfence.verify.authority import issue_test_authority
from ringfence.verify.passport import parse_token
from ringfence.verify.rcd import build_rich
from ringfence.verify.signer import Signer

CALLER, CALLED, FORWARD = "442079460123", "447700900123", "447700900456"


def rate(work: Callable[[], object], seconds: float) -> float:
    """Times a second."""
    done, began = 0, time.perf_counter()
    until = began + seconds
    while (now := time.perf_counter()) < until:
        for _ in range(200):
            work()
        done += 200
    return done / (now - began)


def openssl(seconds: float) -> float | None:
    """Signatures a second of openssl's own loop; None where it is not installed."""
    if shutil.which("openssl") is None:
        return None
    command = ["openssl", "speed", "-seconds", str(max(1, round(seconds))), "ecdsap256"]
    out = subprocess.run(command, capture_output=True, text=True).stdout
    return float(out.split()[-2]) if out.split() else None


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--seconds", type=float, default=3.0, help="for each measurement")
    seconds = parser.parse_args().seconds / 3
    now = time.time()
    files = issue_test_authority(now)
    signer = Signer(files["tn.key"], files["tn-chain.pem"], "https://certs.example.org/tn.pem", now=now)
    raw = load_pem_private_key(files["tn.key"], None)
    algorithm, octets, iat = ECDSA(SHA256()), bytes(330), int(now)
    origid = "7a4cd5d9-0a2f-4b0d-a1d4-6f0e8a0f1c11"
    shaken = signer.shaken(CALLER, CALLED, iat, "A", origid)
    received = parse_token(str(shaken).partition(";")[0])
    rich = build_rich(nam="Example Bank", icn="https://cards.example.org/icon.png", crn="your appointment")
    assert isinstance(received, Passport) and isinstance(rich, dict)
    work: dict[str, Callable[[], object]] = {
        "raw": lambda: raw.sign(octets, algorithm),  # type: ignore[union-attr, call-arg, arg-type]
        "shaken": lambda: signer.shaken(CALLER, CALLED, iat, "A", origid),
        "plain": lambda: signer.plain(CALLER, CALLED, iat),
        "rcd": lambda: signer.rcd(CALLER, CALLED, iat, rich),
        "div": lambda: signer.div(received, FORWARD),
    }
    best: dict[str, float] = dict.fromkeys(work, 0.0)
    peer = 0.0
    for _ in range(3):  # in turns, so that all see the same machine
        peer = max(peer, openssl(seconds) or 0.0)
        for name, one in work.items():
            best[name] = max(best[name], rate(one, seconds))
    fastest = max(peer, best["raw"])
    told = {"openssl_per_second": round(peer) or None}
    told |= {f"{name}_per_second": round(value) for name, value in best.items()}
    ratios = {f"{name}_ratio": round(value / fastest, 3) for name, value in best.items() if name != "raw"}
    print(json.dumps(told | ratios))


if __name__ == "__main__":
    main()
