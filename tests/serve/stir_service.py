"""The HTTP API on loopback, with a test authority, one tenant and a server of certificates."""

from __future__ import annotations

import threading
import time
import uuid
from collections.abc import Iterator
from contextlib import contextmanager
from typing import NamedTuple

import uvicorn
from tests.serve.servers import Server, answering, resolving, serving

from ringfence.config import FetchSettings
from ringfence.serve.fetching import HttpFetcher
from ringfence.serve.server import bind
from ringfence.serve.stir_api import stir_app
from ringfence.serve.verifying import AsyncVerifier
from ringfence.verify.authority import issue_test_authority
from ringfence.verify.rotation import KeyRing
from ringfence.verify.signer import Signer
from ringfence.verify.tenants import SigningService, new_api_key, parse_tenants
from ringfence.verify.trust import TrustStore, read_pem

LONDON, MOBILE, FORWARD = "442079460123", "447700900123", "447700900456"


class Service(NamedTuple):
    """url: of the API. key: the tenant's. certificates: the server that holds them."""

    url: str
    key: str
    certificates: Server
    signer: Signer


@contextmanager
def running() -> Iterator[Service]:
    """LONDON's numbers are those of the tenant `bank`."""
    now = time.time()
    files = issue_test_authority(now)
    roots = read_pem(files["root.pem"])
    assert isinstance(roots, TrustStore)
    key, stored = new_api_key("bank")
    table = f"""
    [[tenants]]
    name = "bank"
    keys = ["{stored}"]
    numbers = ["+442079460000-+442079460999"]
    types = ["shaken", "div", "rcd"]
    rate = 1000
    burst = 1000
    """
    with serving(answering(files["tn-chain.pem"])) as certificates:
        fetch = FetchSettings(
            allow_http=True, ports=(certificates.port,), allow_networks=("127.0.0.0/8",), seconds=2
        )
        signer = Signer(files["tn.key"], files["tn-chain.pem"], certificates.url(), now=now, allow_http=True)
        service = SigningService(KeyRing([signer]), parse_tenants(table.encode(), "table"), uuid.UUID(int=7))
        with HttpFetcher(fetch, resolve=resolving(["127.0.0.1"])) as fetcher:
            app = stir_app(AsyncVerifier(fetcher, roots), service)
            config = uvicorn.Config(app, log_config=None, access_log=False, lifespan="off", ws="none")
            server = uvicorn.Server(config)
            listener = bind(18480)
            thread = threading.Thread(target=server.run, kwargs={"sockets": [listener]}, daemon=True)
            thread.start()
            try:
                host = f"http://127.0.0.1:{listener.getsockname()[1]}"
                yield Service(host, key, certificates, signer)
            finally:
                server.should_exit = True
                thread.join()
                listener.close()
