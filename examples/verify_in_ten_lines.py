"""Verify one call: python examples/verify_in_ten_lines.py INVITE ROOTS [SETTINGS]

INVITE: the message as it came. ROOTS: trusted roots in PEM. SETTINGS: TOML, whose [fetch] says how
certificates are had.
"""

import sys
import time
from pathlib import Path

from ringfence.config import load_settings
from ringfence.serve.fetching import HttpFetcher
from ringfence.sip.call import call_of
from ringfence.sip.message import parse
from ringfence.verify.credential import Credentials
from ringfence.verify.trust import read_pem
from ringfence.verify.verifier import Verifier

invite, roots, *settings = map(Path, sys.argv[1:])
fetcher = HttpFetcher(load_settings(settings[0] if settings else None).fetch)
verifier = Verifier(Credentials(fetcher, read_pem(roots.read_bytes())))  # the policy of SHAKEN by default
result = verifier.verify(call_of(parse(invite.read_bytes())), time.time())
print(result.verdict.value, result.reason or result.attestation, result.verstat, result.orig, result.signer)
